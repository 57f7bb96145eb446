// The addresses of a customer's pages, on one screen.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  retainSearchParams,
  useParams,
} from '@tanstack/react-router'
import { ReleasePage } from '../features/application/release'
import { readDocs } from '../features/docs/address'
import { readAsked } from '../features/entitlement/address'
import { LicensesPage } from '../features/license/list'
import { LicensePage } from '../features/license/page'
import { MePage } from '../features/me/page'
import { MembersPage } from '../features/member/list'
import { readMembers, readRollouts } from '../features/rollout/address'
import { JoinPage } from '../features/session/join'
import { readNext, SignInPage } from '../features/session/sign-in'
import { readFleet } from '../features/target/address'
import { TargetsPage } from '../features/target/list'
import { TargetPage } from '../features/target/page'
import { TokensPage } from '../features/token/list'
import { type At, readAt } from '../live/moment'
import { NotHere } from '../shell/frame'
import { OtherSide } from '../shell/inside'
import { ownHostOf } from '../shell/own-host'
import { LOOKS_BACK } from '../shell/page-of-moment'
import { ROUTER } from '../shell/router-options'
import { ActivityPage } from './activity'
import { DownloadsPage } from './downloads'
import { HomePage } from './home'
import { InstallPage, InstallTargetPage } from './install'
import { Shell } from './shell'
import { UpdatePage } from './update'

/** An address that is none of these: home, where the hub knows which that is. */
function Elsewhere() {
  const { _splat: path = '' } = useParams({ strict: false })
  const long = `p/${ownHostOf}`
  // a link as it is at the hub's own host
  if (ownHostOf && (path === long || path.startsWith(`${long}/`)))
    return <OtherSide path={`.${path.slice(long.length)}`} />
  return <OtherSide path="." />
}

/** Nothing at a host of the organization's own. */
const BELOW = ownHostOf ? '' : '/p/$organization'

const root = createRootRoute({ component: Outlet, notFoundComponent: NotHere })
const inRoot = { getParentRoute: () => root }
const signIn = createRoute({
  ...inRoot,
  path: `${BELOW}/sign-in`,
  component: () => <SignInPage side="p" />,
  validateSearch: readNext,
})
const join = createRoute({ ...inRoot, path: '/join', component: JoinPage })
const docs = createRoute({
  ...inRoot,
  path: `${BELOW}/docs/{-$page}`,
  component: lazyRouteComponent(() => import('./docs')),
  validateSearch: readDocs,
})
const shell = {
  ...inRoot,
  component: Shell,
  validateSearch: readAt,
  // links within stay at the moment that is looked at
  search: { middlewares: [retainSearchParams<{ at?: At }>(['at'])] },
}
const customer = ownHostOf ? createRoute({ ...shell, id: 'customer' }) : createRoute({ ...shell, path: BELOW })
const inside = { getParentRoute: () => customer }
const home = createRoute({ ...inside, path: '/', component: HomePage, ...LOOKS_BACK })
const targets = createRoute({
  ...inside,
  path: '/targets',
  component: TargetsPage,
  validateSearch: readFleet,
  ...LOOKS_BACK,
})
const target = createRoute({ ...inside, path: '/targets/$target', component: TargetPage, ...LOOKS_BACK })
const install = createRoute({ ...inside, path: '/install', component: InstallPage })
const installTarget = createRoute({ ...inside, path: '/install/$target', component: InstallTargetPage })
const update = createRoute({ ...inside, path: '/update/$target/$application', component: UpdatePage })
const rollouts = createRoute({
  ...inside,
  path: '/rollouts',
  component: lazyRouteComponent(() => import('../features/rollout/list')),
  validateSearch: readRollouts,
})
const rollout = createRoute({
  ...inside,
  path: '/rollouts/$application/$rollout',
  component: lazyRouteComponent(() => import('../features/rollout/page')),
  validateSearch: readMembers,
})
const licenses = createRoute({ ...inside, path: '/license', component: LicensesPage, ...LOOKS_BACK })
const license = createRoute({ ...inside, path: '/license/$license', component: LicensePage, ...LOOKS_BACK })
const entitlement = createRoute({
  ...inside,
  path: '/entitlement',
  component: lazyRouteComponent(() => import('../features/entitlement/page')),
  validateSearch: readAsked,
})
const downloads = createRoute({ ...inside, path: '/downloads', component: DownloadsPage })
const release = createRoute({ ...inside, path: '/apps/$application/releases/$version', component: ReleasePage })
const activity = createRoute({ ...inside, path: '/activity', component: ActivityPage, ...LOOKS_BACK })
const proof = createRoute({
  ...inside,
  path: '/proof',
  component: lazyRouteComponent(() => import('../features/proof/page')),
})
const members = createRoute({ ...inside, path: '/members', component: MembersPage })
const tokens = createRoute({ ...inside, path: '/tokens', component: TokensPage })
const me = createRoute({ ...inside, path: '/me', component: MePage })
const elsewhere = createRoute({ ...inRoot, path: '$', component: Elsewhere })

const routeTree = root.addChildren([
  signIn,
  join,
  docs,
  customer.addChildren([
    home,
    targets,
    target,
    install,
    installTarget,
    update,
    rollouts,
    rollout,
    licenses,
    license,
    entitlement,
    downloads,
    release,
    activity,
    proof,
    members,
    tokens,
    me,
  ]),
  elsewhere,
])

export const router = createRouter({ routeTree, ...ROUTER })
