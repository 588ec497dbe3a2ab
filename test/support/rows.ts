// Rows of articles and customers made by hand, for tests that need no database: everything is null
// but what a test names.
import type { ArticleRow, CustomerRow } from '../../src/data/store/store';
import type { Layout } from '../../src/features/encoder';
import type { ValueLifts } from '../../src/statistics/habits';

/** An article with this key; its id is `a` and the key unless given. */
export function articleRow(key: number, values: Partial<ArticleRow> = {}): ArticleRow {
  return {
    key,
    id: `a${key}`,
    productCode: null,
    name: null,
    productTypeNo: null,
    productTypeName: null,
    productGroupName: null,
    graphicalAppearanceNo: null,
    graphicalAppearanceName: null,
    colourGroupCode: null,
    colourGroupName: null,
    perceivedColourValueId: null,
    perceivedColourValueName: null,
    perceivedColourMasterId: null,
    perceivedColourMasterName: null,
    departmentNo: null,
    departmentName: null,
    indexCode: null,
    indexName: null,
    indexGroupNo: null,
    indexGroupName: null,
    sectionNo: null,
    sectionName: null,
    garmentGroupNo: null,
    garmentGroupName: null,
    description: null,
    attributes: {},
    updatedAt: new Date(0),
    ...values,
  };
}

/** A customer with this key; their id is `c` and the key unless given. */
export function customerRow(key: number, values: Partial<CustomerRow> = {}): CustomerRow {
  return {
    key,
    id: `c${key}`,
    fn: null,
    active: null,
    clubMemberStatus: null,
    fashionNewsFrequency: null,
    age: null,
    postalCode: null,
    attributes: {},
    ...values,
  };
}

/** As of a shop in which no values are told apart. */
export function noLifts({ single, multi }: Layout): ValueLifts {
  return { blocks: new Int32Array(2 * (single.length + multi.length)), excess: new Float32Array(0) };
}
