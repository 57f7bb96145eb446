// What the routers of both sides have in common.
import { basepath } from '../boot'
import { NotHere } from './frame'

export const ROUTER = {
  basepath,
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotHere,
  scrollRestoration: true,
} as const
