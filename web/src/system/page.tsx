import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, type ReactNode } from 'react';
import { system, type System } from '../api/system.ts';
import { AsOf } from '../days/live.tsx';
import { number, size, stretch, useWords } from '../language/wording.ts';
import { SET_ASIDE } from '../quarantine/search.ts';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Loading } from '../shell/states.tsx';
import { Moment } from '../words/moment.tsx';
import './system.css';

const ExchangesChart = lazy(() => import('./exchanges-chart.tsx'));

/** How the server is: what it holds, how far it has come, and the storm of the evening. */
export function SystemPage() {
  const { t } = useWords();
  const query = useQuery(system);
  return (
    <>
      <PageHead title={t('system.title')} end={<AsOf query={query} />} />
      <Fetched query={query} rows={12}>
        {(system) => (
          <div className="system">
            <Storm system={system} />
            <Part title={t('system.judging')}>
              <Judging system={system} />
            </Part>
            <Part title={t('system.stored')}>
              <Stored system={system} />
            </Part>
            <Part title={t('system.aside')}>
              <Aside system={system} />
            </Part>
            <Part title={t('system.server')}>
              <Server system={system} />
            </Part>
            <Limits system={system} />
          </div>
        )}
      </Fetched>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="sheet" aria-label={title}>
      <h2>{title}</h2>
      <dl className="facts">{children}</dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="number">{children}</dd>
    </>
  );
}

function Storm({ system: { exchanges, servers } }: { system: System }) {
  const { t } = useWords();
  const most = Math.max(...exchanges);
  const all = exchanges.reduce((sum, count) => sum + count, 0);
  return (
    <section className="sheet system-storm" aria-label={t('system.exchanges')}>
      <h2>{t('system.exchanges')}</h2>
      <p className="quiet number" role="status">
        {t('system.hour', { all: number(all), most: number(most), now: number(exchanges.at(-1) ?? 0) })}
      </p>
      {servers != null && servers > 1 && <p className="mark-held">{t('system.oneOf', { servers: number(servers) })}</p>}
      <Suspense fallback={<Loading rows={4} />}>
        <ExchangesChart exchanges={exchanges} />
      </Suspense>
    </section>
  );
}

function Judging({ system: { projector } }: { system: System }) {
  const { t } = useWords();
  return (
    <>
      <Fact name={t('system.behind')}>
        <Unjudged count={projector.behind} />
      </Fact>
      <Fact name={t('system.unjudged')}>
        <Unjudged count={projector.unjudged} />
      </Fact>
      <Fact name={t('system.lag')}>{projector.unjudged === 0 ? t('common.none') : stretch(projector.lag_ms)}</Fact>
    </>
  );
}

/** How much waits, leading to the changes that do. */
function Unjudged({ count }: { count: number }) {
  const { seeQuarantine } = usePowers();
  if (!seeQuarantine) return number(count);
  return (
    <Link to="/quarantine" search={{ state: 'received' }}>
      {number(count)}
    </Link>
  );
}

function Stored({ system: { stored, database, backups } }: { system: System }) {
  const { t } = useWords();
  const backup = (at: number | null | undefined) =>
    at == null ? <span className="mark mark-held">{t('system.noBackup')}</span> : <Moment at={at} />;
  return (
    <>
      <Fact name={t('system.records')}>
        <Link to="/records">{number(stored.records)}</Link>
      </Fact>
      {stored.unsearchable > 0 && (
        <Fact name={t('system.unsearchable')}>
          <Link to="/records" search={{ unsearchable: true }} className="mark mark-held">
            {number(stored.unsearchable)}
          </Link>
        </Fact>
      )}
      {stored.unraised > 0 && <Fact name={t('system.unraised')}>{number(stored.unraised)}</Fact>}
      <Fact name={t('system.changes')}>{number(stored.changes)}</Fact>
      <Fact name={t('system.photos')}>
        <Link to="/photos">{number(stored.photos)}</Link> · {size(stored.photo_bytes)}
      </Fact>
      <Fact name={t('system.database')}>{`${database.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'} · ${size(database.bytes)}`}</Fact>
      <Fact name={t('system.restored')}>{number(database.epoch - 1)}</Fact>
      <Fact name={t('system.backup')}>{backup(backups.database_at)}</Fact>
      <Fact name={t('system.photoBackup')}>{backup(backups.photos_at)}</Fact>
      <Fact name={t('system.restorable')}>{stretch(backups.restorable_ms)}</Fact>
    </>
  );
}

function Aside({ system: { aside } }: { system: System }) {
  const { t } = useWords();
  const { seeQuarantine } = usePowers();
  return (
    <>
      {SET_ASIDE.map((state) => (
        <Fact key={state} name={t(`system.${state}`)}>
          {seeQuarantine ? (
            <Link to="/quarantine" search={{ state }}>
              {number(aside[state])}
            </Link>
          ) : (
            number(aside[state])
          )}
        </Fact>
      ))}
      <Fact name={t('system.strays')}>{seeQuarantine ? <Link to="/strays">{number(aside.strays)}</Link> : number(aside.strays)}</Fact>
    </>
  );
}

function Server({ system: { version, started_at, uptime_ms, servers } }: { system: System }) {
  const { t } = useWords();
  return (
    <>
      <Fact name={t('system.version')}>{version}</Fact>
      <Fact name={t('system.started')}>
        <Moment at={started_at} />
      </Fact>
      <Fact name={t('system.uptime')}>{stretch(uptime_ms)}</Fact>
      <Fact name={t('system.servers')}>{servers == null ? t('common.unknown') : number(servers)}</Fact>
    </>
  );
}

function Limits({ system: { limits } }: { system: System }) {
  const { t } = useWords();
  const message = `${size(limits.body_bytes)} · ${t('system.unpacked', { size: size(limits.inflated_bytes) })}`;
  return (
    <section className="sheet system-limits" aria-label={t('system.limits')}>
      <h2>{t('system.limits')}</h2>
      <h3>{t('system.largest')}</h3>
      <dl className="facts">
        <Fact name={t('system.message')}>{message}</Fact>
        <Fact name={t('system.request')}>{size(limits.json_bytes)}</Fact>
        <Fact name={t('system.photo')}>{size(limits.photo_bytes)}</Fact>
      </dl>
      <h3>{t('system.longest')}</h3>
      <dl className="facts">
        <Fact name={t('system.session')}>{stretch(limits.session_ms)}</Fact>
        <Fact name={t('system.code')}>{stretch(limits.code_ms)}</Fact>
        <Fact name={t('system.overdue')}>{stretch(limits.waiting_ms)}</Fact>
        <Fact name={t('system.grace')}>{stretch(limits.photo_grace_ms)}</Fact>
      </dl>
      <h3>{t('system.maps')}</h3>
      <dl className="facts">
        <Fact name={t('system.tiles')}>{limits.tiles ?? t('system.noTiles')}</Fact>
      </dl>
    </section>
  );
}
