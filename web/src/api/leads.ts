import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answer, api, type Body } from './client.ts';
import { PAGE, recordLines, type Line, type RecordFilter } from './records.ts';

export type LeadFilter = Pick<RecordFilter, 'office' | 'project'>;
export type Case = Body['CaseBody'];
export type Received = Body['ReceivedBody'];
export type FormFigures = Body['FormFigures'];
export type QuestionFigures = Body['QuestionFigures'];

/** How far the leads of one's territory have come. */
export const leadStages = (filter: LeadFilter) =>
  queryOptions({
    queryKey: ['leads', 'stages', filter],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/leads/stages', { params: { query: filter }, signal })),
  });

/** Which consultants have received how many customers. */
export const leadsReceived = (filter: LeadFilter) =>
  queryOptions({
    queryKey: ['leads', 'received', filter],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/leads/received', { params: { query: filter }, signal })),
  });

/** Leads that name the same phone number, page after page; a page may have none although others follow. */
export const leadCases = (filter: LeadFilter) =>
  infiniteQueryOptions({
    queryKey: ['leads', 'cases', filter],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET('/api/v1/leads/cases', { params: { query: { ...filter, limit: PAGE, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

/** A number of a form's figures: its surveys, those that answer a question, or those that answer it like this. */
export interface SurveyFigure {
  form: string;
  version: string;
  question?: string;
  answer?: QuestionFigures['answers'][number]['answer'];
  /** Those whose answer is not among the answers of the figures. */
  others?: true;
}

/** A figure as the server is asked for it. */
export const surveyFigure = ({ form, version, answer: given, ...figure }: SurveyFigure) => ({
  ...figure,
  survey_form: form,
  survey_version: version,
  ...(given !== undefined && { answer: JSON.stringify(given) }),
});

/** Surveys behind a figure: the first page, with how many there are and which the others are, or one of those. */
interface SurveyPage {
  items: Line[];
  total?: number;
  rest?: string[];
}

/** The surveys that a figure counts, page after page. */
export const behindSurveyFigure = (filter: RecordFilter, figure: SurveyFigure) =>
  infiniteQueryOptions({
    queryKey: ['surveys', 'behind', filter, figure],
    queryFn: async ({ pageParam, signal }): Promise<SurveyPage> => {
      if (pageParam.length > 0) return { items: await recordLines(pageParam, signal) };
      const query = { ...filter, ...surveyFigure(figure), limit: PAGE };
      const { items, rest } = await answer(api.GET('/api/v1/surveys/figures/records', { params: { query }, signal }));
      return { items, rest, total: items.length + rest.length };
    },
    initialPageParam: [] as string[],
    getNextPageParam: (_last, pages) => {
      const begun = (pages.length - 1) * PAGE;
      const next = pages[0]?.rest?.slice(begun, begun + PAGE) ?? [];
      return next.length > 0 ? next : undefined;
    },
  });

/** What the newest surveys of a list came to. */
export const surveyFigures = (filter: RecordFilter) =>
  queryOptions({
    queryKey: ['surveys', 'figures', filter],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/surveys/figures', { params: { query: filter }, signal })),
  });
