import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { useState } from 'react';
import { exported } from '../api/files.ts';
import {
  behindSurveyFigure,
  surveyFigure,
  surveyFigures,
  type FormFigures,
  type QuestionFigures,
  type SurveyFigure,
} from '../api/leads.ts';
import type { RecordFilter } from '../api/records.ts';
import { AsOf } from '../days/live.tsx';
import { RecordPages } from '../days/record-pages.tsx';
import { RecordsDialog } from '../days/records-dialog.tsx';
import { number, useWords } from '../language/wording.ts';
import { RecordFilters } from '../records/filters.tsx';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Nothing } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { Share } from '../words/share.tsx';
import './surveys.css';

/** What surveys came to: how often each question of each form was answered how. */
export function SurveysPage() {
  const { t } = useWords();
  const filter = useSearch({ from: '/inside/surveys' });
  const navigate = useNavigate({ from: '/surveys' });
  const show = (filter: RecordFilter) => void navigate({ search: filter });
  const query = useQuery(surveyFigures(filter));
  const [shown, setShown] = useState<SurveyFigure>();
  return (
    <>
      <PageHead
        title={t('surveys.title')}
        end={
          <>
            <Link to="/records" search={{ ...filter, kind: 'survey' }}>
              {t('surveys.all')}
            </Link>
            <ExportButton
              name={t('surveys.title')}
              list={exported('/api/v1/surveys/figures/export', { query: filter })}
            />
            <AsOf query={query} />
          </>
        }
      />
      <RecordFilters filter={filter} onChange={show} without={['kind', 'stage', 'conflict']} />
      <Fetched query={query}>
        {({ found, read, forms }) => (
          <>
            {read < found && (
              <p className="quiet">
                <Link to="/records" search={{ ...filter, kind: 'survey' }}>
                  {t('surveys.newest', { read: number(read), found: number(found) })}
                </Link>
              </p>
            )}
            {forms.length === 0 && <Nothing title={t('surveys.none')} hint={t('surveys.noneHint')} />}
            {forms.map((form) => (
              <Form key={`${form.form}/${form.version}`} form={form} onShow={setShown} />
            ))}
          </>
        )}
      </Fetched>
      {shown && <Behind filter={filter} figure={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}

interface FormProps {
  form: FormFigures;
  /** Shows the surveys behind a figure. */
  onShow: (figure: SurveyFigure) => void;
}

function Form({ form: { form, version, surveys, questions }, onShow }: FormProps) {
  const { t } = useWords();
  const name = form || t('surveys.nameless');
  return (
    <section className="sheet" aria-label={`${name} ${version}`.trim()}>
      <div className="sheet-head">
        <h2>
          {name} {version && <span className="quiet">{t('surveys.version', { version })}</span>}
        </h2>
        <Button type="link" size="small" className="figure" onClick={() => onShow({ form, version })}>
          {t('surveys.count', { count: surveys })}
        </Button>
      </div>
      {questions.length === 0 ? (
        <p className="none">{t('surveys.noAnswers')}</p>
      ) : (
        <table className="plain words questions">
          <thead>
            <tr>
              <th scope="col">{t('surveys.question')}</th>
              <th scope="col">{t('surveys.answered')}</th>
              <th scope="col">{t('surveys.answers')}</th>
            </tr>
          </thead>
          <tbody>
            {questions.map((figures) => (
              <tr key={figures.question}>
                <th scope="row" className="identifier">
                  {figures.question}
                </th>
                <td>
                  <Figure
                    count={figures.answered}
                    of={figures.question}
                    onShow={() => onShow({ form, version, question: figures.question })}
                  />
                </td>
                <td>
                  <Answers
                    question={figures}
                    onShow={(said) => onShow({ form, version, question: figures.question, ...said })}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** A count that shows the surveys behind it. */
function Figure({ count, of, onShow }: { count: number; of: string; onShow: () => void }) {
  return (
    <Button type="link" size="small" className="figure number" aria-label={`${of}: ${number(count)}`} onClick={onShow}>
      {number(count)}
    </Button>
  );
}

interface AnswersProps {
  question: QuestionFigures;
  onShow: (said: Pick<SurveyFigure, 'answer' | 'others'>) => void;
}

function Answers({ question: { question, answered, answers, others, numbers }, onShow }: AnswersProps) {
  const { t } = useWords();
  const said = useSaid();
  return (
    <>
      {numbers && (
        <div className="small quiet number">
          {t('surveys.numbers', {
            least: number(numbers.least),
            most: number(numbers.most),
            mean: number(numbers.mean, { maximumFractionDigits: 1 }),
          })}
        </div>
      )}
      <ul className="answers">
        {answers.map(({ answer, count }) => (
          <li key={`${typeof answer} ${String(answer)}`}>
            <span className="answer">{said(answer)}</span>
            <Figure count={count} of={`${question}, ${said(answer)}`} onShow={() => onShow({ answer })} />
            <Share part={count} of={answered} />
          </li>
        ))}
      </ul>
      {others > 0 && (
        <Button type="link" size="small" className="figure small" onClick={() => onShow({ others: true })}>
          {t('surveys.others', { count: others })}
        </Button>
      )}
    </>
  );
}

/** An answer as people read it. */
function useSaid(): (answer: SurveyFigure['answer']) => string {
  const { t } = useWords();
  return (answer) => (typeof answer === 'boolean' ? t(answer ? 'common.yes' : 'common.no') : String(answer));
}

interface BehindProps {
  filter: RecordFilter;
  figure: SurveyFigure;
  onClose: () => void;
}

/** The surveys that a figure counts. */
function Behind({ filter, figure, onClose }: BehindProps) {
  const { t } = useWords();
  const said = useSaid();
  const query = useInfiniteQuery(behindSurveyFigure(filter, figure));
  const { form, version, question, answer, others } = figure;
  const answered = answer !== undefined ? said(answer) : others && t('surveys.otherAnswers');
  const title = [form || t('surveys.nameless'), version, question, answered].filter(Boolean).join(' · ');
  const list = exported('/api/v1/surveys/figures/records/export', { query: { ...filter, ...surveyFigure(figure) } });
  return (
    <RecordsDialog title={title} list={list} onClose={onClose}>
      <RecordPages query={query} />
    </RecordsDialog>
  );
}
