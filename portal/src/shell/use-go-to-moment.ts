import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { atOf } from '../live/moment'

/** Shows the same page as of a moment, or of now. */
export function useGoToMoment(): (moment: string | undefined, replace?: boolean) => void {
  const navigate = useNavigate()
  return useCallback(
    (moment, replace = false) => {
      const at = moment === undefined ? undefined : atOf(moment)
      // a page of a list is one of its own moment
      const search = (before: object) => ({ ...before, at, after: undefined, from: undefined })
      void navigate({ to: '.', search: search as never, replace })
    },
    [navigate],
  )
}
