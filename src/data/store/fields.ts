// The fields that the store has columns for.

/** The type of a column. `whole` has 32 bits, `small` has 16. */
export type Kind = 'id' | 'text' | 'whole' | 'small' | 'flag' | 'real' | 'time';

/** The fields of each file: [the store's column, its type]. */
export const FIELDS = {
  articles: {
    id: ['article_id', 'id'],
    productCode: ['product_code', 'text'],
    name: ['prod_name', 'text'],
    productTypeNo: ['product_type_no', 'whole'],
    productTypeName: ['product_type_name', 'text'],
    productGroupName: ['product_group_name', 'text'],
    graphicalAppearanceNo: ['graphical_appearance_no', 'whole'],
    graphicalAppearanceName: ['graphical_appearance_name', 'text'],
    colourGroupCode: ['colour_group_code', 'whole'],
    colourGroupName: ['colour_group_name', 'text'],
    perceivedColourValueId: ['perceived_colour_value_id', 'whole'],
    perceivedColourValueName: ['perceived_colour_value_name', 'text'],
    perceivedColourMasterId: ['perceived_colour_master_id', 'whole'],
    perceivedColourMasterName: ['perceived_colour_master_name', 'text'],
    departmentNo: ['department_no', 'whole'],
    departmentName: ['department_name', 'text'],
    indexCode: ['index_code', 'text'],
    indexName: ['index_name', 'text'],
    indexGroupNo: ['index_group_no', 'whole'],
    indexGroupName: ['index_group_name', 'text'],
    sectionNo: ['section_no', 'whole'],
    sectionName: ['section_name', 'text'],
    garmentGroupNo: ['garment_group_no', 'whole'],
    garmentGroupName: ['garment_group_name', 'text'],
    description: ['detail_desc', 'text'],
  },
  customers: {
    id: ['customer_id', 'id'],
    fn: ['fn', 'flag'],
    active: ['active', 'flag'],
    clubMemberStatus: ['club_member_status', 'text'],
    fashionNewsFrequency: ['fashion_news_frequency', 'text'],
    age: ['age', 'whole'],
    postalCode: ['postal_code', 'text'],
  },
  transactions: {
    date: ['bought_at', 'time'],
    customer: ['customer_id', 'id'],
    article: ['article_id', 'id'],
    price: ['price', 'real'],
    salesChannelId: ['sales_channel_id', 'small'],
  },
} as const satisfies Record<string, Record<string, readonly [string, Kind]>>;

/** The store's column of each field. */
export function columnsOf<K extends string>(fields: Record<K, readonly [string, unknown]>): Record<K, string> {
  const entries = Object.entries<readonly [string, unknown]>(fields).map(([field, [column]]) => [field, column]);
  return Object.fromEntries(entries) as Record<K, string>;
}
