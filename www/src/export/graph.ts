// The graph as a file: SVG that carries its looks as attributes and needs no style sheet, and PNG drawn from it.
const LOOKS = [
  'fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linejoin', 'paint-order', 'opacity', 'font-family', 'font-size', 'font-weight',
] as const
const INTERACTIVE = ['class', 'role', 'tabindex', 'data-id', 'aria-expanded', 'aria-describedby']
/** Pixels of a PNG for each of the drawing, and the most that it may have a side. */
const [SHARP, MOST] = [2, 8_000]

interface Size { width: number; height: number }

function standalone(svg: SVGSVGElement, { width, height }: Size): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const [shown, own] = [svg.querySelectorAll<SVGElement>('*'), copy.querySelectorAll<SVGElement>('*')]
  for (const [at, element] of own.entries()) {
    const looks = getComputedStyle(shown[at]!)
    for (const look of LOOKS) element.setAttribute(look, looks.getPropertyValue(look))
    const words = element.getAttribute('aria-label')
    if (words !== null) element.prepend(Object.assign(document.createElementNS(copy.namespaceURI, 'title'), { textContent: words }))
    for (const name of [...INTERACTIVE, 'aria-label']) element.removeAttribute(name)
  }
  for (const hit of [...own].filter(element => element.getAttribute('stroke') === 'rgba(0, 0, 0, 0)')) hit.remove()
  for (const name of INTERACTIVE) copy.removeAttribute(name)
  copy.setAttribute('role', 'img')
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.setAttribute('width', String(Math.ceil(width)))
  copy.setAttribute('height', String(Math.ceil(height)))
  copy.setAttribute('viewBox', `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`)
  copy.firstElementChild?.removeAttribute('transform')
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  for (const [name, value] of Object.entries({ width: '100%', height: '100%', fill: getComputedStyle(document.body).backgroundColor })) ground.setAttribute(name, value)
  copy.prepend(ground)
  return copy
}

export function graphSvg(svg: SVGSVGElement, size: Size): Promise<Blob> {
  // What is dimmed or chosen at the moment is not part of the picture.
  const plain = svg.cloneNode(true) as SVGSVGElement
  for (const element of plain.querySelectorAll('.dim, .lit, .chosen')) element.classList.remove('dim', 'lit', 'chosen')
  plain.classList.add('offstage')
  svg.parentElement?.append(plain)
  const text = new XMLSerializer().serializeToString(standalone(plain, size))
  plain.remove()
  return Promise.resolve(new Blob([text], { type: 'image/svg+xml' }))
}

export async function graphPng(svg: SVGSVGElement, size: Size): Promise<Blob> {
  const url = URL.createObjectURL(await graphSvg(svg, size))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const scale = Math.min(SHARP, MOST / size.width, MOST / size.height)
    const canvas = Object.assign(document.createElement('canvas'), { width: Math.ceil(size.width * scale), height: Math.ceil(size.height * scale) })
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((resolve, reject) => {
      canvas.toBlob(blob => { if (blob === null) reject(new Error('the browser cannot make a picture of this size')); else resolve(blob) }, 'image/png')
    })
  } finally {
    URL.revokeObjectURL(url)
  }
}
