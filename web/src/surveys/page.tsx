import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { surveyFigures, type FormFigures, type QuestionFigures } from '../api/leads.ts';
import type { RecordFilter } from '../api/records.ts';
import { number, useWords } from '../language/wording.ts';
import { RecordFilters } from '../records/filters.tsx';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Nothing } from '../shell/states.tsx';
import { Share } from '../words/share.tsx';
import './surveys.css';

/** What surveys came to: how often each question of each form was answered how. */
export function SurveysPage() {
  const { t } = useWords();
  const filter = useSearch({ from: '/inside/surveys' });
  const navigate = useNavigate({ from: '/surveys' });
  const show = (filter: RecordFilter) => void navigate({ search: filter });
  const query = useQuery(surveyFigures(filter));
  return (
    <>
      <PageHead
        title={t('surveys.title')}
        end={
          <>
            <Link to="/records" search={{ ...filter, kind: 'survey' }}>
              {t('surveys.all')}
            </Link>
            <Button onClick={() => void query.refetch()} loading={query.isFetching && { delay: 500 }}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <RecordFilters filter={filter} onChange={show} without={['kind', 'stage', 'conflict']} />
      <Fetched query={query}>
        {({ found, read, forms }) => (
          <>
            {read < found && (
              <p className="quiet">{t('surveys.newest', { read: number(read), found: number(found) })}</p>
            )}
            {forms.length === 0 && <Nothing title={t('surveys.none')} hint={t('surveys.noneHint')} />}
            {forms.map((form) => (
              <Form key={`${form.form}/${form.version}`} form={form} filter={filter} />
            ))}
          </>
        )}
      </Fetched>
    </>
  );
}

function Form({ form: { form, version, surveys, questions }, filter }: { form: FormFigures; filter: RecordFilter }) {
  const { t } = useWords();
  const name = form || t('surveys.nameless');
  return (
    <section className="sheet" aria-label={`${name} ${version}`.trim()}>
      <div className="sheet-head">
        <h2>
          {name} {version && <span className="quiet">{t('surveys.version', { version })}</span>}
        </h2>
        <Link to="/records" search={{ ...filter, kind: 'survey' }}>
          {t('surveys.count', { count: surveys })}
        </Link>
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
            {questions.map((question) => (
              <tr key={question.question}>
                <th scope="row" className="identifier">
                  {question.question}
                </th>
                <td className="number">{number(question.answered)}</td>
                <td>
                  <Answers question={question} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Answers({ question: { answered, answers, others, numbers } }: { question: QuestionFigures }) {
  const { t } = useWords();
  const said = (answer: unknown) => (typeof answer === 'boolean' ? t(answer ? 'common.yes' : 'common.no') : String(answer));
  return (
    <>
      {numbers && (
        <div className="small quiet number">
          {t('surveys.numbers', {
            least: number(numbers.least),
            most: number(numbers.most),
            mean: numbers.mean.toLocaleString(undefined, { maximumFractionDigits: 1 }),
          })}
        </div>
      )}
      <ul className="answers">
        {answers.map(({ answer, count }) => (
          <li key={`${typeof answer} ${String(answer)}`}>
            <span className="answer">{said(answer)}</span>
            <span className="number">{number(count)}</span>
            <Share part={count} of={answered} />
          </li>
        ))}
      </ul>
      {others > 0 && <div className="small quiet">{t('surveys.others', { count: others })}</div>}
    </>
  );
}
