import { queryOptions } from '@tanstack/react-query';
import { answer, api, type Body } from './client.ts';

export type Thresholds = Body['Thresholds'];

/** One's company, and what it decides for itself. */
export const organisation = queryOptions({
  queryKey: ['organisation'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/organisation', { signal })),
});

/** Gives an office another time zone, from now on. */
export const changeTimeZone = (office: string, time_zone: string) =>
  answer(api.PATCH('/api/v1/offices/{office}', { params: { path: { office } }, body: { time_zone } }));

export const changeOrganisation = (change: Body['OrganisationPatch']) =>
  answer(api.PATCH('/api/v1/organisation', { body: change }));
