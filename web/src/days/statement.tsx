import { DownloadOutlined, PrinterOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Button } from 'antd';
import { Fragment, type ReactNode } from 'react';
import { officeBoard, sealedStatement, type Sealed } from '../api/days.ts';
import { useDirectory } from '../api/directory.ts';
import type { RecordFilter } from '../api/records.ts';
import { number, term, useWords } from '../language/wording.ts';
import { KINDS } from '../records/search.ts';
import { PageHead } from '../shell/page-head.tsx';
import { saveFile } from '../shell/save-file.ts';
import { Fetched, Lacking } from '../shell/states.tsx';
import { Moment } from '../words/moment.tsx';
import { recordsIn } from './board-lines.ts';
import { LinkedFigures } from './figures.tsx';
import { StatementLinks } from './statement-links.tsx';
import { fileName, sealedBy, signedFile, type Statement } from './statement-shape.ts';
import './days.css';
import './statement.css';

/** A sealed statement as a sheet of paper. */
export function StatementPage() {
  const { t } = useWords();
  const { office, day, number: which } = useParams({ from: '/inside/offices/$office/days/$day/statements/$number' });
  const number = Number(which);
  const directory = useDirectory();
  const query = useQuery(sealedStatement(office, day, number));
  const whole = useQuery({ ...officeBoard(office, day), refetchInterval: false });
  const board = whole.data;
  const name = directory.office(office) ?? t('statement.office');
  return (
    <>
      <PageHead
        title={number === 0 ? t('statement.title', { name, day }) : t('statement.titleSupplement', { number, name, day })}
        end={
          <>
            <Link to="/offices/$office/days/$day" params={{ office, day }}>
              {t('statement.toBoard')}
            </Link>
            {query.data && <Download sealed={query.data} />}
            <Button type="primary" icon={<PrinterOutlined />} disabled={!query.data} onClick={() => print()}>
              {t('statement.print')}
            </Button>
          </>
        }
      />
      <Lacking what={t('statement.listed')} queries={[whole]} />
      {board && board.statements.length > 1 && (
        <nav className="standing statement-list" aria-label={t('statement.listed')}>
          <StatementLinks board={board} />
        </nav>
      )}
      <Fetched query={query} rows={12}>
        {(sealed) => <Paper sealed={sealed} zone={directory.zone(office)} />}
      </Fetched>
    </>
  );
}

/** Hands out the signed bytes, for whoever checks them without us. */
function Download({ sealed }: { sealed: Sealed }) {
  const { t } = useWords();
  const save = () =>
    saveFile(fileName(sealed.statement), new Blob([signedFile(sealed)], { type: 'application/json' }));
  return (
    <Button icon={<DownloadOutlined />} onClick={save}>
      {t('statement.download')}
    </Button>
  );
}

function Paper({ sealed, zone }: { sealed: Sealed; zone?: string }) {
  const { t } = useWords();
  const said = sealed.statement;
  return (
    <article className="paper">
      <header>
        <div className="quiet">{said.organisation.name}</div>
        <h2>{said.number === 0 ? t('statement.statement') : t('statement.supplement', { number: said.number })}</h2>
      </header>
      <dl className="facts">
        <dt>{t('statement.office')}</dt>
        <dd>{said.office.name}</dd>
        <dt>{t('statement.day')}</dt>
        <dd className="number">{said.day}</dd>
        {said.number > 0 && (
          <>
            <dt>{t('statement.number')}</dt>
            <dd className="number">{number(said.number)}</dd>
          </>
        )}
        <dt>{t('statement.sealedAt')}</dt>
        <dd>
          <Moment at={said.sealed_at} zone={zone} />
        </dd>
        <dt>{t('statement.sealedBy')}</dt>
        <dd>{said.sealed_by.name}</dd>
        {said.reason != null && (
          <>
            <dt>{t('statement.reason')}</dt>
            <dd>{said.reason}</dd>
          </>
        )}
        <dt>{t('statement.sealedItems')}</dt>
        <dd>
          <div>
            <Link to="/records" search={sealedBy(said)}>
              {t('closing.records', { count: said.records.length })}
            </Link>
          </div>
          <div>{t('closing.facts', { count: said.facts.length })}</div>
        </dd>
      </dl>
      <CountsByPerson said={said} />
      <Part title={t('board.figures')}>
        <SealedFigures said={said} />
      </Part>
      {said.number === 0 && <MissingPhones said={said} zone={zone} />}
      <Journals said={said} zone={zone} />
      <Part title={t('statement.seal')}>
        <dl className="facts">
          <dt>{t('statement.signature')}</dt>
          <dd className="identifier">{sealed.signature}</dd>
          <dt>{t('statement.key')}</dt>
          <dd className="identifier">{sealed.key}</dd>
          {said.audit && (
            <>
              <dt>{t('statement.audit', { no: number(said.audit.no) })}</dt>
              <dd className="identifier">{said.audit.link}</dd>
            </>
          )}
        </dl>
        <p className="small quiet">{t('statement.how', { form: said.form })}</p>
      </Part>
    </article>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function CountsByPerson({ said }: { said: Statement }) {
  const { t } = useWords();
  const row = (key: string, name: string, counts: Statement['total'], person?: string) => {
    const cell = (what: string, count: number, narrower?: RecordFilter) => (
      <td>
        {count === 0 ? (
          number(0)
        ) : (
          <Link
            to="/records"
            search={{ ...sealedBy(said), made_by: person, ...narrower }}
            aria-label={`${t('board.countOf', { what, name })}: ${number(count)}`}
          >
            {number(count)}
          </Link>
        )}
      </td>
    );
    return (
      <tr key={key}>
        <th scope="row">{name}</th>
        {KINDS.map((kind) => (
          <Fragment key={kind}>{cell(t(`board.${kind}`), counts[kind], { kind })}</Fragment>
        ))}
        {cell(t('statement.all'), recordsIn(counts))}
        {cell(t('board.flagged'), counts.flagged, { flag: 'any' })}
      </tr>
    );
  };
  return (
    <Part title={t('statement.counts')}>
      {said.people.length === 0 ? (
        <p className="none">{t('statement.noCounts')}</p>
      ) : (
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">{t('board.promoter')}</th>
              <th scope="col">{t('board.visit')}</th>
              <th scope="col">{t('board.survey')}</th>
              <th scope="col">{t('board.lead')}</th>
              <th scope="col">{t('statement.all')}</th>
              <th scope="col">{t('board.flagged')}</th>
            </tr>
          </thead>
          <tbody>{said.people.map((line) => row(line.person.id, line.person.name, line, line.person.id))}</tbody>
          <tfoot>{row('total', t('board.total'), said.total)}</tfoot>
        </table>
      )}
      {said.people.length > 0 && <p className="small quiet on-screen">{t('statement.linked')}</p>}
    </Part>
  );
}

/** Arrivals and money; each count leads to the records that the statement counts. */
function SealedFigures({ said }: { said: Statement }) {
  const { t } = useWords();
  const of = { office: said.office.id, name: said.office.name, day: said.day };
  return <LinkedFigures figures={said.figures} of={of} lead={t('statement.behindLead')} statement={said.number} />;
}

function MissingPhones({ said, zone }: { said: Statement; zone?: string }) {
  const { t } = useWords();
  return (
    <Part title={t('statement.missing')}>
      {said.missing.length === 0 ? (
        <p className="none">{t('statement.noMissing')}</p>
      ) : (
        <table className="plain words">
          <thead>
            <tr>
              <th scope="col">{t('board.phone')}</th>
              <th scope="col">{t('board.promoter')}</th>
              <th scope="col">{t('statement.known')}</th>
              <th scope="col">{t('statement.unsent')}</th>
              <th scope="col">{t('statement.photos')}</th>
              <th scope="col">{t('board.exchange')}</th>
              <th scope="col">{t('statement.reason')}</th>
            </tr>
          </thead>
          <tbody>
            {said.missing.map((phone) => (
              <tr key={phone.device.id}>
                <th scope="row">{phone.device.name}</th>
                <td>{phone.person.name}</td>
                <td>{term('absence', phone.absence)}</td>
                <td className="number">{number(phone.unsent)}</td>
                <td className="number">{number(phone.photos ?? 0)}</td>
                <td>
                  <LastExchange at={phone.last_exchange_at ?? null} zone={zone} />
                </td>
                <td>{phone.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Part>
  );
}

/** How far the server held each phone's journal: what is sealed can be held against the phones. */
function Journals({ said, zone }: { said: Statement; zone?: string }) {
  const { t } = useWords();
  return (
    <Part title={t('statement.journals')}>
      {said.devices.length === 0 ? (
        <p className="none">{t('statement.noJournals')}</p>
      ) : (
        <table className="plain words">
          <thead>
            <tr>
              <th scope="col">{t('board.phone')}</th>
              <th scope="col">{t('board.promoter')}</th>
              <th scope="col">{t('statement.lines')}</th>
              <th scope="col">{t('statement.link')}</th>
              <th scope="col">{t('statement.photos')}</th>
              <th scope="col">{t('board.exchange')}</th>
            </tr>
          </thead>
          <tbody>
            {said.devices.map((head) => (
              <tr key={head.device.id}>
                <th scope="row">{head.device.name}</th>
                <td>{head.person.name}</td>
                <td className="number">{number(head.n)}</td>
                <td className="identifier">{head.link}</td>
                <td className="number">{number(head.photos ?? 0)}</td>
                <td>
                  <LastExchange at={head.last_exchange_at ?? null} zone={zone} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Part>
  );
}

function LastExchange({ at, zone }: { at: number | null; zone?: string }) {
  const { t } = useWords();
  return at == null ? <span className="none">{t('devices.never')}</span> : <Moment at={at} zone={zone} />;
}
