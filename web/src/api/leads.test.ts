import { expect, test } from 'vitest';
import { behindSurveyFigure, surveyFigure } from './leads.ts';

test('the surveys behind a figure are named with the first page, and fetched by that page after page', () => {
  const rest = Array.from({ length: 120 }, (_, at) => `survey ${at}`);
  const first = { items: [], rest, total: 170 };
  const { getNextPageParam } = behindSurveyFigure({}, { form: 'residents', version: '1' });
  const next = (further: number) => {
    const pages = [first, ...Array.from({ length: further }, () => ({ items: [] }))];
    return getNextPageParam(pages.at(-1) ?? first, pages, [], []);
  };
  expect([next(0), next(1), next(2)]).toEqual([rest.slice(0, 50), rest.slice(50, 100), rest.slice(100)]);
  expect(next(3)).toBeUndefined();
  expect(getNextPageParam({ ...first, rest: [] }, [{ ...first, rest: [] }], [], [])).toBeUndefined();
});

test('an answer is asked for as what it is: the number 4 is not the text 4', () => {
  const figure = { form: '', version: '2', question: 'age' };
  const asked = { survey_form: '', survey_version: '2', question: 'age' };
  expect(surveyFigure({ ...figure, answer: 4 })).toEqual({ ...asked, answer: '4' });
  expect(surveyFigure({ ...figure, answer: '4' })).toEqual({ ...asked, answer: '"4"' });
  expect(surveyFigure({ ...figure, answer: false })).toEqual({ ...asked, answer: 'false' });
  expect(surveyFigure({ ...figure, others: true })).toEqual({ ...asked, others: true });
});
