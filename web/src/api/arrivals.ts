import { queryOptions } from '@tanstack/react-query';
import { answer, api, type Body } from './client.ts';

/** Who receives the customers of an office, in the order of its rota. */
export const consultants = (office: string) =>
  queryOptions({
    queryKey: ['consultants', office],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/offices/{office}/consultants', { params: { path: { office } }, signal })),
    select: ({ names }) => names,
  });

export const setConsultants = (office: string, names: string[]) =>
  answer(api.PUT('/api/v1/offices/{office}/consultants', { params: { path: { office } }, body: { names } }));

export const noteArrival = (id: string, arrival: Body['ArrivalBody']) =>
  answer(api.POST('/api/v1/records/{id}/arrival', { params: { path: { id } }, body: arrival }));
