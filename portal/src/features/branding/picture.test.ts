import { describe, expect, test } from 'vitest'
import { isColour, longOf } from './colour'
import { base64Of } from './picture'

describe('what is sent', () => {
  test('bytes are sent as they are', () => {
    expect(base64Of(new Uint8Array([0, 255, 137, 80]))).toBe('AP+JUA==')
    expect(base64Of(new Uint8Array())).toBe('')
  })
  test('a colour is hexadecimal', () => {
    expect(['#1f5fbf', '#FFF', ' #abc '].every(isColour)).toBe(true)
    expect(['', 'red', '#12', '#12345', '#12345g', '1f5fbf'].some(isColour)).toBe(false)
    expect(longOf('#15B')).toBe('#1155bb')
  })
})
