// Ports in words.
import type { AllowedPorts } from '../model'

export const portsText = (allowed: readonly AllowedPorts[]): string => {
  const isAll = ({ ports }: AllowedPorts): boolean => ports.length === 1 && ports[0] === '1-65535'
  if (allowed.length === 0) return 'no port'
  if (allowed.length === 3 && allowed.every(isAll)) return 'all ports'
  return allowed.map(one => (isAll(one) ? `all ${one.protocol}` : `${one.protocol} ${one.ports.join(', ')}`)).join('; ')
}
