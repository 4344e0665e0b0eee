// SPDX-License-Identifier: Apache-2.0
// The world as an SVG path for each country, drawn when the pages are made.
// Shapes: world-atlas (Natural Earth, public domain), by ISO 3166-1 numbers.

import { geoEqualEarth, geoPath } from 'd3-geo'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import world from 'world-atlas/countries-110m.json'
import { NUMBER_OF } from './countries'

export const MAP_WIDTH = 960
export const MAP_HEIGHT = 470

export interface Shape {
  code: string
  name: string
  path: string
}

let shapes: Shape[] | undefined

export function worldShapes(): Shape[] {
  if (shapes) return shapes
  const topology = world as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>
  const countries = feature(topology, topology.objects.countries).features
    .filter((f) => f.id !== '010') // Antarctica
  const projection = geoEqualEarth().fitSize([MAP_WIDTH, MAP_HEIGHT],
    { type: 'FeatureCollection', features: countries })
  const draw = geoPath(projection).digits(0)
  const codeOf = new Map(Object.entries(NUMBER_OF).map(([code, n]) => [n, code]))
  shapes = countries.map((f) => ({
    code: codeOf.get(String(f.id)) ?? '',
    name: f.properties.name,
    path: draw(f) ?? '',
  }))
  return shapes
}
