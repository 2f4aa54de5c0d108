import { queryOptions } from '@tanstack/react-query';
import { answer, api, type Body } from './client.ts';

export type Session = Body['SessionBody'];

/** Where one is signed in. */
export const sessions = queryOptions({
  queryKey: ['access', 'sessions'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/sessions', { signal })),
});

export const endSession = (id: string) => answer(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } }));

export const changePassword = (old_password: string, password: string) =>
  answer(api.POST('/api/v1/session/password', { body: { old_password, password } }));

/** Whether signing in asks for codes. */
export const secondFactor = queryOptions({
  queryKey: ['access', 'second-factor'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/session/totp', { signal })),
});

export const beginSecondFactor = (password: string) => answer(api.POST('/api/v1/session/totp', { body: { password } }));

export const confirmSecondFactor = (code: string) =>
  answer(api.POST('/api/v1/session/totp/confirm', { body: { code } }));

export const endSecondFactor = (password: string) =>
  answer(api.POST('/api/v1/session/totp/end', { body: { password } }));

/** Makes somebody another password, which is told this once, and ends their sessions. */
export const resetPassword = (person: string) =>
  answer(api.POST('/api/v1/people/{person}/password', { params: { path: { person } } }));

/** Ends all sessions of somebody else. */
export const endSessionsOf = (person: string) =>
  answer(api.DELETE('/api/v1/people/{person}/sessions', { params: { path: { person } } }));

/** For somebody who has lost the authenticator app and the recovery codes. */
export const takeOffSecondFactor = (person: string) =>
  answer(api.DELETE('/api/v1/people/{person}/totp', { params: { path: { person } } }));
