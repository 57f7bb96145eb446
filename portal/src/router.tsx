// The portal's addresses, on one screen. What a list shows is in its address, so that a link shows the same.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
  retainSearchParams,
} from '@tanstack/react-router'
import { ActivityPage, readActivity } from './features/activity/page'
import { AlertsPage, readAlerts } from './features/alert/page'
import { AnalyticsPage, readFigures } from './features/analytics/page'
import { ApplicationsPage } from './features/application/list'
import { ApplicationPage } from './features/application/page'
import { VendorReleasePage } from './features/application/release-actions'
import { BrandingPage } from './features/branding/page'
import { CustomersPage } from './features/customer/list'
import { CustomerPage } from './features/customer/page'
import { readDocs } from './features/docs/address'
import { readAsked } from './features/entitlement/address'
import { LicensesPage } from './features/license/list'
import { LicensePage } from './features/license/page'
import { MePage } from './features/me/page'
import { MembersPage } from './features/member/list'
import { OverviewPage } from './features/overview/page'
import { PublishPage } from './features/publish/page'
import { RepositoriesPage } from './features/repository/list'
import { RepositoryPage, readRepository } from './features/repository/page'
import { readMembers, readRollouts, readStart } from './features/rollout/address'
import { JoinPage } from './features/session/join'
import { readNext, SignInPage } from './features/session/sign-in'
import { StartPage } from './features/start/page'
import { readFleet } from './features/target/address'
import { TargetsPage } from './features/target/list'
import { TargetPage } from './features/target/page'
import { TokensPage } from './features/token/list'
import { readAt } from './live/moment'
import { NotHere } from './shell/frame'
import { WhoIsHome } from './shell/home'
import { LOOKS_BACK } from './shell/page-of-moment'
import { ROUTER } from './shell/router-options'
import { Shell } from './shell/shell'

const root = createRootRoute({ component: Outlet, notFoundComponent: NotHere })

const home = createRoute({ getParentRoute: () => root, path: '/', component: WhoIsHome })
const join = createRoute({ getParentRoute: () => root, path: '/join', component: JoinPage })
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: () => <SignInPage />,
  validateSearch: readNext,
})
const vendorSignIn = createRoute({
  getParentRoute: () => root,
  path: '/v/$organization/sign-in',
  component: () => <SignInPage />,
  validateSearch: readNext,
})
const docs = createRoute({
  getParentRoute: () => root,
  path: '/docs/{-$page}',
  component: lazyRouteComponent(() => import('./features/docs/vendor')),
  validateSearch: readDocs,
})
const vendor = createRoute({
  getParentRoute: () => root,
  path: '/v/$organization',
  component: Shell,
  validateSearch: readAt,
  // links within stay at the moment that is looked at
  search: { middlewares: [retainSearchParams(['at'])] },
})
const inVendor = { getParentRoute: () => vendor }
const overview = createRoute({ ...inVendor, path: '/', component: OverviewPage, ...LOOKS_BACK })
const targets = createRoute({
  ...inVendor,
  path: '/targets',
  component: TargetsPage,
  validateSearch: readFleet,
  ...LOOKS_BACK,
})
const target = createRoute({ ...inVendor, path: '/targets/$customer/$target', component: TargetPage, ...LOOKS_BACK })
const applications = createRoute({ ...inVendor, path: '/apps', component: ApplicationsPage, ...LOOKS_BACK })
const application = createRoute({ ...inVendor, path: '/apps/$application', component: ApplicationPage, ...LOOKS_BACK })
const release = createRoute({
  ...inVendor,
  path: '/apps/$application/releases/$version',
  component: VendorReleasePage,
  ...LOOKS_BACK,
})
const publish = createRoute({ ...inVendor, path: '/apps/$application/publish', component: PublishPage })
const rollouts = createRoute({
  ...inVendor,
  path: '/rollouts',
  component: lazyRouteComponent(() => import('./features/rollout/list')),
  validateSearch: readRollouts,
})
const rollout = createRoute({
  ...inVendor,
  path: '/rollouts/$application/$rollout',
  component: lazyRouteComponent(() => import('./features/rollout/page')),
  validateSearch: readMembers,
})
const newRollout = createRoute({
  ...inVendor,
  path: '/rollouts/new',
  component: lazyRouteComponent(() => import('./features/rollout/start')),
  validateSearch: readStart,
})
const setPolicy = createRoute({
  ...inVendor,
  path: '/rollouts/set-policy',
  component: lazyRouteComponent(() => import('./features/rollout/set-policy')),
  validateSearch: readStart,
})
const policies = createRoute({
  ...inVendor,
  path: '/rollout-policies',
  component: lazyRouteComponent(() => import('./features/rollout/policies')),
})
const policy = createRoute({
  ...inVendor,
  path: '/rollout-policies/$policy',
  component: lazyRouteComponent(() => import('./features/rollout/policy')),
})
const registry = createRoute({ ...inVendor, path: '/registry' })
const inRegistry = { getParentRoute: () => registry }
const repositories = createRoute({ ...inRegistry, path: '/', component: RepositoriesPage, ...LOOKS_BACK })
// a repository's name has slashes
const repository = createRoute({
  ...inRegistry,
  path: '$',
  component: RepositoryPage,
  validateSearch: readRepository,
  ...LOOKS_BACK,
})
const customers = createRoute({ ...inVendor, path: '/customers', component: CustomersPage, ...LOOKS_BACK })
const customer = createRoute({ ...inVendor, path: '/customers/$customer', component: CustomerPage, ...LOOKS_BACK })
const licenses = createRoute({ ...inVendor, path: '/licenses', component: LicensesPage, ...LOOKS_BACK })
const license = createRoute({
  ...inVendor,
  path: '/licenses/$customer/$license',
  component: LicensePage,
  ...LOOKS_BACK,
})
const entitlement = createRoute({
  ...inVendor,
  path: '/entitlement',
  component: lazyRouteComponent(() => import('./features/entitlement/page')),
  validateSearch: readAsked,
  ...LOOKS_BACK,
})
const activity = createRoute({
  ...inVendor,
  path: '/activity',
  component: ActivityPage,
  validateSearch: readActivity,
  ...LOOKS_BACK,
})
const analytics = createRoute({
  ...inVendor,
  path: '/analytics',
  component: AnalyticsPage,
  validateSearch: readFigures,
})
const alerts = createRoute({ ...inVendor, path: '/alerts', component: AlertsPage, validateSearch: readAlerts })
const proof = createRoute({
  ...inVendor,
  path: '/proof',
  component: lazyRouteComponent(() => import('./features/proof/page')),
})
const start = createRoute({ ...inVendor, path: '/start', component: StartPage })
const members = createRoute({ ...inVendor, path: '/members', component: MembersPage })
const tokens = createRoute({ ...inVendor, path: '/tokens', component: TokensPage })
const branding = createRoute({ ...inVendor, path: '/branding', component: BrandingPage })
const me = createRoute({ ...inVendor, path: '/me', component: MePage })
const elsewhere = createRoute({ getParentRoute: () => root, path: '$', component: () => <Navigate to="/" replace /> })

const routeTree = root.addChildren([
  home,
  join,
  signIn,
  vendorSignIn,
  docs,
  vendor.addChildren([
    overview,
    targets,
    target,
    applications,
    application,
    release,
    publish,
    rollouts,
    rollout,
    newRollout,
    setPolicy,
    policies,
    policy,
    registry.addChildren([repositories, repository]),
    customers,
    customer,
    licenses,
    license,
    entitlement,
    activity,
    alerts,
    analytics,
    proof,
    start,
    members,
    tokens,
    branding,
    me,
  ]),
  elsewhere,
])

export const router = createRouter({ routeTree, ...ROUTER })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
