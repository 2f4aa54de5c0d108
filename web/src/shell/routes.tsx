import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import type { QueryClient } from '@tanstack/react-query';
import { cache, onSessionEnd } from '../api/cache.ts';
import { fetchDirectory } from '../api/directory.ts';
import { readAuditSearch } from '../audit/search.ts';
import { Problem } from '../problem/problem.ts';
import { readBoardSearch, readDaysSearch } from '../days/search.ts';
import { readDeviceSearch } from '../devices/search.ts';
import { readLeadSearch } from '../leads/search.ts';
import { readPeopleSearch } from '../staff/search.ts';
import { readPhotoSearch } from '../photos/search.ts';
import { readQuarantineSearch } from '../quarantine/search.ts';
import { readFilter, readRecordSearch } from '../records/search.ts';
import { readRotaSearch } from '../rota/search.ts';
import { readReviewSearch } from '../review/search.ts';
import { me } from '../session/session.ts';
import { readThen } from '../session/then.ts';
import { CrashPage, MissingPage } from './failure-pages.tsx';
import { Loading } from './states.tsx';

const root = createRootRouteWithContext<{ cache: QueryClient }>()({ component: Outlet });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: readThen,
  component: lazyRouteComponent(() => import('../session/sign-in.tsx'), 'SignInPage'),
});

/** Where an invitation leads that was scanned with something else than the app. */
const scanned = createRoute({
  getParentRoute: () => root,
  path: '/enrol',
  component: lazyRouteComponent(() => import('../enrolment/scanned.tsx'), 'ScannedPage'),
});

/** Everything that needs somebody who is signed in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.cache.ensureQueryData(me);
      fetchDirectory(context.cache);
    } catch (error) {
      if (error instanceof Problem && error.endsSession) throw redirect({ to: '/sign-in', search: { then: location.href } });
      throw error;
    }
  },
  component: lazyRouteComponent(() => import('./frame.tsx'), 'Frame'),
});

const start = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/records' });
  },
});

const days = createRoute({
  getParentRoute: () => inside,
  path: '/days',
  validateSearch: readDaysSearch,
  component: lazyRouteComponent(() => import('../days/today.tsx'), 'TodayPage'),
});

const board = createRoute({
  getParentRoute: () => inside,
  path: '/offices/$office/days/$day',
  validateSearch: readBoardSearch,
  component: lazyRouteComponent(() => import('../days/board.tsx'), 'BoardPage'),
});

const statement = createRoute({
  getParentRoute: () => inside,
  path: '/offices/$office/days/$day/statements/$number',
  component: lazyRouteComponent(() => import('../days/statement.tsx'), 'StatementPage'),
});

const rota = createRoute({
  getParentRoute: () => inside,
  path: '/rota',
  validateSearch: readRotaSearch,
  component: lazyRouteComponent(() => import('../rota/page.tsx'), 'RotaPage'),
});

const records = createRoute({
  getParentRoute: () => inside,
  path: '/records',
  validateSearch: readRecordSearch,
  component: lazyRouteComponent(() => import('../records/page.tsx'), 'RecordsPage'),
});

const leads = createRoute({
  getParentRoute: () => inside,
  path: '/leads',
  validateSearch: readLeadSearch,
  component: lazyRouteComponent(() => import('../leads/page.tsx'), 'LeadsPage'),
});

const surveys = createRoute({
  getParentRoute: () => inside,
  path: '/surveys',
  validateSearch: readFilter,
  component: lazyRouteComponent(() => import('../surveys/page.tsx'), 'SurveysPage'),
});

const record = createRoute({
  getParentRoute: () => inside,
  path: '/records/$id',
  component: lazyRouteComponent(() => import('../record/page.tsx'), 'RecordPage'),
});

const photos = createRoute({
  getParentRoute: () => inside,
  path: '/photos',
  validateSearch: readPhotoSearch,
  component: lazyRouteComponent(() => import('../photos/page.tsx'), 'PhotosPage'),
});

const review = createRoute({
  getParentRoute: () => inside,
  path: '/review',
  validateSearch: readReviewSearch,
  component: lazyRouteComponent(() => import('../review/page.tsx'), 'ReviewPage'),
});

const amendments = createRoute({
  getParentRoute: () => inside,
  path: '/amendments',
  component: lazyRouteComponent(() => import('../amendments/list.tsx'), 'AmendmentsPage'),
});

const amendment = createRoute({
  getParentRoute: () => inside,
  path: '/amendments/$record/$device',
  component: lazyRouteComponent(() => import('../amendments/page.tsx'), 'AmendmentPage'),
});

const quarantine = createRoute({
  getParentRoute: () => inside,
  path: '/quarantine',
  validateSearch: readQuarantineSearch,
  component: lazyRouteComponent(() => import('../quarantine/list.tsx'), 'QuarantinePage'),
});

const setAside = createRoute({
  getParentRoute: () => inside,
  path: '/quarantine/$id',
  component: lazyRouteComponent(() => import('../quarantine/page.tsx'), 'SetAsidePage'),
});

const strays = createRoute({
  getParentRoute: () => inside,
  path: '/strays',
  component: lazyRouteComponent(() => import('../strays/page.tsx'), 'StraysPage'),
});

const people = createRoute({
  getParentRoute: () => inside,
  path: '/people',
  validateSearch: readPeopleSearch,
  component: lazyRouteComponent(() => import('../staff/people.tsx'), 'PeoplePage'),
});

const teams = createRoute({
  getParentRoute: () => inside,
  path: '/teams',
  component: lazyRouteComponent(() => import('../staff/teams.tsx'), 'TeamsPage'),
});

const devices = createRoute({
  getParentRoute: () => inside,
  path: '/devices',
  validateSearch: readDeviceSearch,
  component: lazyRouteComponent(() => import('../devices/page.tsx'), 'DevicesPage'),
});

const audit = createRoute({
  getParentRoute: () => inside,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('../audit/page.tsx'), 'AuditPage'),
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings',
  component: lazyRouteComponent(() => import('../settings/page.tsx'), 'SettingsPage'),
});

const system = createRoute({
  getParentRoute: () => inside,
  path: '/system',
  component: lazyRouteComponent(() => import('../system/page.tsx'), 'SystemPage'),
});

const account = createRoute({
  getParentRoute: () => inside,
  path: '/account',
  component: lazyRouteComponent(() => import('../account/page.tsx'), 'AccountPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    scanned,
    inside.addChildren([
      start,
      days,
      board,
      statement,
      rota,
      records,
      record,
      leads,
      surveys,
      photos,
      review,
      amendments,
      amendment,
      quarantine,
      setAside,
      strays,
      people,
      teams,
      devices,
      audit,
      account,
      settings,
      system,
    ]),
  ]),
  context: { cache },
  defaultPreload: 'intent',
  defaultPendingComponent: Loading,
  defaultNotFoundComponent: MissingPage,
  defaultErrorComponent: CrashPage,
});

onSessionEnd.run = () => {
  cache.removeQueries({ queryKey: me.queryKey });
  const { pathname, href } = router.state.location;
  if (pathname !== '/sign-in') void router.navigate({ to: '/sign-in', search: { then: href } });
};

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface HistoryState {
    /** The cursors of the pages before this one, so that one can go back to them. */
    trail?: string[];
  }
}
