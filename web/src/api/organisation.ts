import { queryOptions } from '@tanstack/react-query';
import { answer, api, type Body } from './client.ts';

export type Thresholds = Body['Thresholds'];

/** One's company, and what it decides for itself. */
export const organisation = queryOptions({
  queryKey: ['organisation'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/organisation', { signal })),
});

/** Gives an office another name or time zone, from now on. */
export const changeOffice = (office: string, change: Body['OfficePatch']) =>
  answer(api.PATCH('/api/v1/offices/{office}', { params: { path: { office } }, body: change }));

/** Opens an office. */
export const createOffice = (name: string, time_zone: string) =>
  answer(api.POST('/api/v1/offices', { body: { name, time_zone } }));

/** Forms a team in an office. */
export const createTeam = (office: string, name: string) => answer(api.POST('/api/v1/teams', { body: { office, name } }));

/** Gives a team another name. */
export const renameTeam = (team: string, name: string) =>
  answer(api.PATCH('/api/v1/teams/{team}', { params: { path: { team } }, body: { name } }));

/** Opens a project. */
export const createProject = (name: string) => answer(api.POST('/api/v1/projects', { body: { name } }));

/** Gives a project another name. */
export const renameProject = (project: string, name: string) =>
  answer(api.PATCH('/api/v1/projects/{project}', { params: { path: { project } }, body: { name } }));

export const changeOrganisation = (change: Body['OrganisationPatch']) =>
  answer(api.PATCH('/api/v1/organisation', { body: change }));
