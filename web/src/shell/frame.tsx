import {
  AppstoreOutlined,
  AuditOutlined,
  CalendarOutlined,
  ContactsOutlined,
  ControlOutlined,
  DashboardOutlined,
  EnvironmentOutlined,
  FileSearchOutlined,
  FormOutlined,
  HistoryOutlined,
  LogoutOutlined,
  MobileOutlined,
  PictureOutlined,
  QuestionCircleOutlined,
  SafetyOutlined,
  SolutionOutlined,
  TeamOutlined,
  UserOutlined,
} from '@ant-design/icons';
import { useIsFetching, useMutation, useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Button } from 'antd';
import { useEffect, useRef, type ReactNode } from 'react';
import { deviceLabels, DirectoryContext, useDirectoryFetched } from '../api/directory.ts';
import { term, useWords } from '../language/wording.ts';
import { LiveNews } from '../live/interrupted.tsx';
import { useProblemNotice } from '../problem/notices.tsx';
import type { RecordSearch } from '../records/search.ts';
import { signOut, useMe, usePowers } from '../session/session.ts';
import { LanguageSwitch } from './language-switch.tsx';
import { Lacking } from './states.tsx';

/** The menu at the side and the page beside it. */
export function Frame() {
  const { t } = useWords();
  const me = useMe();
  const powers = usePowers();
  const { directory, lists } = useDirectoryFetched();
  // Whatever shows a phone fetches them; here they are only looked at.
  const phones = useQuery({ ...deviceLabels, enabled: false });
  return (
    <div className="frame">
      <a className="skip" href="#main">
        {t('app.skip')}
      </a>
      <aside className="side">
        <div className="brand">
          <img src="/icon.svg" alt="" />
          <span>{t('app.name')}</span>
        </div>
        <nav aria-label={t('app.menu')}>
          <ul>
            {powers.seeDays && <Entry to="/days" icon={<CalendarOutlined />} label={t('menu.days')} />}
            <Entry to="/review" icon={<AuditOutlined />} label={t('menu.review')} />
            <Entry to="/records" search={LIST} icon={<FileSearchOutlined />} label={t('menu.records')} />
            <Entry to="/records" search={MAP} icon={<EnvironmentOutlined />} label={t('menu.map')} />
            <Entry to="/leads" icon={<ContactsOutlined />} label={t('menu.leads')} />
            <Entry to="/surveys" icon={<FormOutlined />} label={t('menu.surveys')} />
            <Entry to="/photos" icon={<PictureOutlined />} label={t('menu.photos')} />
            {powers.seeAmendments && <Entry to="/amendments" icon={<AppstoreOutlined />} label={t('menu.amendments')} />}
            {powers.seeQuarantine && <Entry to="/quarantine" icon={<SafetyOutlined />} label={t('menu.quarantine')} />}
            {powers.seeQuarantine && <Entry to="/strays" icon={<QuestionCircleOutlined />} label={t('menu.strays')} />}
          </ul>
          <div className="gap" />
          <ul>
            <Entry to="/people" icon={<UserOutlined />} label={t('menu.people')} />
            <Entry to="/teams" icon={<TeamOutlined />} label={t('menu.teams')} />
            {powers.seeDays && <Entry to="/rota" icon={<SolutionOutlined />} label={t('menu.rota')} />}
            {powers.seeDevices && <Entry to="/devices" icon={<MobileOutlined />} label={t('menu.devices')} />}
            {powers.seeAudit && <Entry to="/audit" icon={<HistoryOutlined />} label={t('menu.audit')} />}
            {powers.headQuarters && <Entry to="/settings" icon={<ControlOutlined />} label={t('menu.settings')} />}
            {powers.seeSystem && <Entry to="/system" icon={<DashboardOutlined />} label={t('menu.system')} />}
          </ul>
        </nav>
        <div className="who">
          <Link to="/account" className="name" title={t('account.title')}>
            <UserOutlined className="icon" aria-hidden /> <span className="label">{me.name}</span>
          </Link>
          <div className="role quiet small">{term('role', me.role)}</div>
          <SignOut />
          <div>
            <LanguageSwitch small />
          </div>
        </div>
      </aside>
      <DirectoryContext value={directory}>
        <Main>
          <Lacking what={t('problem.names')} queries={lists} />
          <Lacking what={t('problem.phoneNames')} queries={[phones]} />
        </Main>
      </DirectoryContext>
    </div>
  );
}

type Target =
  | '/days'
  | '/review'
  | '/records'
  | '/leads'
  | '/surveys'
  | '/photos'
  | '/amendments'
  | '/quarantine'
  | '/strays'
  | '/people'
  | '/teams'
  | '/rota'
  | '/devices'
  | '/audit'
  | '/settings'
  | '/system';

/** Two entries lead to the records: to their list, and to their map. */
const LIST: RecordSearch = { view: undefined };
const MAP: RecordSearch = { view: 'map' };

/** Pages that belong to an entry and lie elsewhere. */
const BELOW: Partial<Record<Target, string>> = { '/days': '/offices/' };

interface EntryProps {
  to: Target;
  /** What else has to stand in the address, or may not. */
  search?: RecordSearch;
  icon: ReactNode;
  label: string;
}

function Entry({ to, search, icon, label }: EntryProps) {
  const below = BELOW[to];
  const here = useRouterState({ select: ({ location }) => below !== undefined && location.pathname.startsWith(below) });
  return (
    <li>
      <Link
        to={to}
        search={search}
        className={here ? 'active' : undefined}
        activeOptions={{ explicitUndefined: true }}
        activeProps={{ className: 'active' }}
        title={label}
      >
        <span aria-hidden>{icon}</span>
        <span className="label">{label}</span>
      </Link>
    </li>
  );
}

function SignOut() {
  const { t } = useWords();
  const navigate = useNavigate();
  const notice = useProblemNotice();
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => navigate({ to: '/sign-in', search: {} }),
    onError: notice,
  });
  return (
    <Button
      type="text"
      size="small"
      icon={<LogoutOutlined />}
      loading={leave.isPending}
      onClick={() => leave.mutate()}
      title={t('menu.signOut')}
      aria-label={t('menu.signOut')}
    >
      <span className="label">{t('menu.signOut')}</span>
    </Button>
  );
}

/**
 * The page, below what is said about all of them. Another page starts at its top, and its heading takes the focus: screen
 * readers say where one is now.
 */
function Main({ children }: { children: ReactNode }) {
  // Only what is on the screen has a heading. There is none yet when the browser opens the console.
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);
  // What nothing on the page waits for, as the next pages of a list, keeps nobody busy.
  const fetching = useIsFetching({ predicate: (query) => query.getObserversCount() > 0 }) > 0;
  useEffect(() => {
    const came = before.current !== undefined && before.current !== path;
    before.current = path;
    if (!came || !main.current) return;
    main.current.scrollTo(0, 0);
    return focusHeading(main.current);
  }, [path]);
  return (
    <main id="main" className="main" ref={main} tabIndex={-1} aria-busy={fetching}>
      <LiveNews />
      {children}
      <Outlet />
    </main>
  );
}

/** Gives the focus to the heading of a page as soon as it has one, unless what was used is still there; the answer gives
 * that up. */
function focusHeading(page: HTMLElement): () => void {
  const used = document.activeElement;
  if (page.contains(used) && used !== page) return () => {};
  const found = () => {
    const heading = page.querySelector<HTMLElement>('.page-head h1');
    heading?.focus({ preventScroll: true });
    return heading !== null;
  };
  if (found()) return () => {};
  // Until then the focus is in the page, so that the tab key does not begin at the menu again.
  page.focus({ preventScroll: true });
  const watch = new MutationObserver(() => {
    if (document.activeElement !== page || found()) watch.disconnect();
  });
  watch.observe(page, { childList: true, subtree: true });
  return () => watch.disconnect();
}
