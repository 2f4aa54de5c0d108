import { answer, api, type Body } from './client.ts';

export const changePerson = (person: string, edit: Body['PersonEdit']) =>
  answer(api.PATCH('/api/v1/people/{person}', { params: { path: { person } }, body: edit }));

export const addPerson = (person: Body['NewPerson']) => answer(api.POST('/api/v1/people', { body: person }));

export const handOver = (person: string, to: string) =>
  answer(api.POST('/api/v1/people/{person}/hand-over', { params: { path: { person } }, body: { to } }));

export const revokeDevice = (id: string) => answer(api.POST('/api/v1/devices/{id}/revoke', { params: { path: { id } } }));

export const wipeDevice = (id: string, atOnce: boolean) =>
  answer(api.POST('/api/v1/devices/{id}/wipe', { params: { path: { id } }, body: { at_once: atOnce } }));

/** A code with which one phone of a person can be enrolled. It is told this once. */
export const inviteDevice = (person: string) =>
  answer(api.POST('/api/v1/people/{person}/enrolment-code', { params: { path: { person } } }));
