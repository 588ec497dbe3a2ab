// Reads the name of a column: which thing it is of (an article, a customer, an order) and which
// facet of it (its id, its name, its price). Names are split into words of several languages.

export type Thing = 'article' | 'customer' | 'order' | 'line';
export type Facet =
  | 'id' | 'name' | 'description' | 'price' | 'total' | 'quantity' | 'date' | 'event' | 'status' | 'category'
  | 'brand' | 'colour' | 'url' | 'image' | 'list' | 'currency' | 'stock' | 'parent' | 'tags' | 'age' | 'hidden'
  | 'charge' | 'email' | 'bought' | 'late' | 'launch' | 'unit' | 'place' | 'channel' | 'measure' | 'rating'; // prettier-ignore

export interface Meaning {
  readonly words: readonly string[];
  readonly things: ReadonlySet<Thing>;
  readonly facets: ReadonlySet<Facet>;
  /** Whether the words say nothing more than an id: "id", "code". */
  readonly bareId: boolean;
}

const THINGS: Readonly<Record<Thing, string>> = {
  article:
    'article articles artikel item items product products prod produkt produkte producto productos produit produits ' +
    'prodotto prodotti produto sku asin ean gtin upc isbn stock-code good goods ware waren variant variants material ' +
    'book movie track song game recipe business restaurant hotel video artist anime beer wine catalog plu barcode listing matnr what artikul vare tuote termek товар артикул 商品 产品 货号 商品コード',
  customer:
    'customer customers cust client clients kunde kunden user users visitor visitors member members household loyalty kundenkarte kunnr buyer ' +
    'shopper person who cliente clientes klant klanten kund acheteur utente usuario account consumer reviewer patron ' +
    'uid asiakas klient покупатель клиент пользователь 用户 客户 会员 顾客 顧客 会員',
  order:
    'order orders invoice receipt transaction transactions trans bestell bestellung bestellungen rechnung rechnungs ' +
    'beleg bon pedido orden factura commande facture ordine fattura basket ticket purchase checkout zamowienie ' +
    'buy buys tilaus заказ 订单 注文 increment vbeln',
  line: 'line lines lineitem lineitems position positions zeile ligne linea',
};

const FACETS: Readonly<Record<Facet, string>> = {
  id: 'id ids no nr number nummer num n code key codigo numero ref reference guid uuid sku asin ean gtin upc isbn uid matnr kunnr vbeln plu barcode artikul артикул номер 编号 号 コード 货号',
  name: 'name label libelle designation denominazione title titel bezeichnung nombre titre nom titolo titulo denominacion naam namn nome navn label название наименование 名称 名字 名',
  description:
    'description desc descr beschreibung descripcion descrizione omschrijving text detail details body summary content comment long описание 描述 说明',
  price: 'price preis precio prix prezzo preco prijs pris paid bezahlt cost value einzelpreis stueckpreis netpr cena цена 价格 单价 価格',
  total: 'total sum summe gesamt importe montant betrag amount revenue turnover umsatz sales gross net lineamount сумма 金额 合計',
  quantity:
    'quantity qty qte menge cantidad quantite quantita quantidade anzahl pieces units stueck stuck aantal antal kwmeng count ordered количество 数量',
  date: 'date datum fecha data jour time timestamp datetime dt dat day zeit uhrzeit at on when ts hora heure created placed erdat дата время 日期 时间 日時',
  event: 'event action behavior behaviour interaction feedback activity kind aktion ereignis evento',
  status: 'status state financial fulfillment zustand estado statut stato статус 状态',
  category:
    'category categories subcategory subcategories kategorie categoria categorie genre genres type kind typ department group gruppe warengruppe class family section rubrique rayon aisle taxonomy familia категория 类别 分类 カテゴリ',
  brand: 'brand vendor manufacturer marke hersteller marca marque fabricant maker merk designer бренд 品牌 ブランド',
  colour: 'color colour farbe couleur colore cor kleur farg цвет 颜色 色',
  url: 'url link href permalink uri',
  image: 'image images img picture photo bild foto imagen immagine thumbnail 图片',
  list: 'list msrp rrp uvp regular compare original old retail streichpreis',
  currency: 'currency waehrung wahrung moneda devise valuta moeda waerk валюта 货币',
  stock: 'stock inventory availability available lager bestand verfuegbarkeit stockstatus',
  parent: 'parent handle group master base style model family variation',
  tags: 'tags tag labels keywords schlagworte',
  age: 'age alter edad eta idade leeftijd возраст 年龄',
  hidden: 'hidden disabled deleted',
  charge: 'freight shipping tax discount fee vat steuer versand postage tip refund handling coupon rebate commission points outstanding duties subtotal rabatt',
  email: 'email mail',
  bought: 'purchase purchased order ordered bought created placed transaction invoice sale sold bestell kauf rechnungs paid event',
  late: 'ship shipped shipping delivered delivery deliver approved limit estimated update updated modified cancelled canceled expires birth birthday refunded completed fulfilled last prior due payment release closed dispatch dispatched versand lieferung',
  launch: 'published publish created creation launch release released available since added insert',
  unit: 'unit each per einzel unitario unitaire lineitem item piece single',
  place: 'country city state zip postal postcode plz ort land region address street province county phone first last firstname lastname ip lat lng latitude longitude currency language company',
  channel: 'channel canal kanal',
  measure: 'weight length height width grams size gewicht volume lenght photos',
  rating: 'rating ratings stars score overall helpful',
}; // prettier-ignore

/** Names of one word that stand for a facet more than for anything else. */
const SINGLE_LETTERS: Readonly<Partial<Record<string, Thing | Facet>>> = {
  d: 'date',
  u: 'customer',
  i: 'article',
  q: 'quantity',
  p: 'price',
};

/** Words that programs add to any id. */
const NEUTRAL = /^(entity|row|pk|internal|record|object|external|unique)$/;

const THING_WORDS = index(THINGS);
const FACET_WORDS = index(FACETS);

export function meaningOf(name: string): Meaning {
  const words = wordsOf(name);
  const things = new Set(words.flatMap((word) => [...(THING_WORDS.get(word) ?? [])]));
  const facets = new Set(words.flatMap((word) => [...(FACET_WORDS.get(word) ?? [])]));
  const joined = words.join(' ');
  if (/\bstock code\b/.test(joined)) {
    things.add('article');
    facets.delete('stock');
  }
  if (/\be mail\b/.test(joined)) facets.add('email');
  if (words.length === 1) {
    const letter = SINGLE_LETTERS[words[0]];
    if (letter !== undefined && letter in THINGS) things.add(letter as Thing);
    else if (letter !== undefined) facets.add(letter as Facet);
  }
  const said = words.filter((word) => !NEUTRAL.test(word));
  const bareId = things.size === 0 && said.length > 0 && said.every((word) => FACET_WORDS.get(word)?.has('id'));
  return { words, things, facets, bareId };
}

/**
 * The meaning of a column that may be a part of a list's elements: `items.sku`. The part says more
 * than the list, unless it is an id and nothing else.
 */
export function meaningIn(name: string, lists: readonly string[]): Meaning {
  const list = lists.filter((one) => name.startsWith(`${one}.`)).sort((a, b) => b.length - a.length)[0];
  const whole = meaningOf(name);
  if (list === undefined) return whole;
  const own = meaningOf(name.slice(list.length + 1));
  return own.bareId ? meaningOf(`${list.split('.').at(-1)}.${name.slice(list.length + 1)}`) : own;
}

/** The words of a name: small letters, without accents, compounds taken apart. */
export function wordsOf(name: string): string[] {
  const plain = name
    .replace(/ß/g, 'ss')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
  return plain.flatMap(parts);
}

function isWord(word: string): boolean {
  return THING_WORDS.has(word) || FACET_WORDS.has(word);
}

/** Takes words such as visitorid, artikelnummer and 商品编号 apart. */
function parts(word: string): string[] {
  if (isWord(word)) return [word];
  if (/[\u3040-\u9fff]/.test(word)) return cutIdeographs(word);
  for (let cut = 2; cut <= word.length - 2; cut++) {
    const [left, right] = [word.slice(0, cut), word.slice(cut)];
    if (!isWord(right)) continue;
    const stem = [left, left.replace(/[ns]$/, ''), left.replace(/_$/, '')].find((one) => one.length > 2 && isWord(one));
    if (stem !== undefined) return [stem, right];
  }
  return [word];
}

function cutIdeographs(word: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < word.length;) {
    const length = [4, 3, 2, 1].find((size) => isWord(word.slice(at, at + size)));
    if (length !== undefined) found.push(word.slice(at, at + length));
    at += length ?? 1;
  }
  return found.length > 0 ? found : [word];
}

function index<T extends string>(vocabulary: Readonly<Record<T, string>>): ReadonlyMap<string, ReadonlySet<T>> {
  const found = new Map<string, Set<T>>();
  for (const [meaning, words] of Object.entries(vocabulary) as [T, string][]) {
    for (const word of words.split(' ')) found.set(word, (found.get(word) ?? new Set<T>()).add(meaning));
  }
  return found;
}
