-- One data model for any shop: articles have what every shop has, and all other columns are attributes. Purchases get
-- a quantity, a state and an order id. Keys have 64 bits.
SET LOCAL maintenance_work_mem = '512MB';

-- Types of columns that a view reads cannot be changed.
DROP VIEW "recommendations";

CREATE TYPE "availability" AS ENUM ('in_stock', 'out_of_stock', 'preorder');
CREATE TYPE "purchase_state" AS ENUM ('bought', 'returned', 'cancelled');

-- Foreign keys are checked again when they are added below. Without them each table is rewritten once.
ALTER TABLE "purchases" DROP CONSTRAINT "purchases_customer_key_fkey", DROP CONSTRAINT "purchases_article_key_fkey";
ALTER TABLE "receipts" DROP CONSTRAINT "receipts_customer_key_fkey";
ALTER TABLE "recommendation_lists" DROP CONSTRAINT "recommendation_lists_customer_key_fkey";

-- Articles. The categories of H&M's layout become attributes under their names. Empty texts mean unknown.
CREATE FUNCTION "categories_of"(VARIADIC names_and_values TEXT[]) RETURNS JSONB IMMUTABLE LANGUAGE sql AS $$
    SELECT coalesce(jsonb_object_agg(names_and_values[i], jsonb_build_array(names_and_values[i + 1])), '{}')
    FROM generate_series(1, array_length(names_and_values, 1), 2) AS i
    WHERE names_and_values[i + 1] <> ''
$$;

ALTER TABLE "articles"
    ALTER COLUMN "key" TYPE BIGINT,
    ADD COLUMN "name" TEXT,
    ADD COLUMN "description" TEXT,
    ADD COLUMN "product_id" TEXT,
    ADD COLUMN "category" TEXT[] NOT NULL DEFAULT '{}',
    ADD COLUMN "brand" TEXT,
    ADD COLUMN "colour" TEXT,
    ADD COLUMN "price" DOUBLE PRECISION,
    ADD COLUMN "list_price" DOUBLE PRECISION,
    ADD COLUMN "currency" TEXT,
    ADD COLUMN "availability" "availability" NOT NULL DEFAULT 'in_stock',
    ADD COLUMN "url" TEXT,
    ADD COLUMN "image" TEXT,
    ADD COLUMN "published_at" TIMESTAMPTZ(0),
    ADD COLUMN "hidden" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "listed" BOOLEAN NOT NULL DEFAULT true;
ALTER SEQUENCE "articles_key_seq" AS BIGINT;

-- For one release, SQL that writes the former columns still works: this trigger moves their values.
CREATE FUNCTION "articles_former_columns"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."name" = coalesce(NEW."prod_name", NEW."name");
    NEW."description" = coalesce(NEW."detail_desc", NEW."description");
    NEW."product_id" = coalesce(NEW."product_code", NEW."product_id");
    NEW."colour" = coalesce(NEW."colour_group_name", NEW."colour");
    NEW."attributes" = NEW."attributes" || "categories_of"(
        'colour_group_code', NEW."colour_group_code"::text,
        'colour_group_name', NEW."colour_group_name"::text,
        'department_name', NEW."department_name"::text,
        'department_no', NEW."department_no"::text,
        'garment_group_name', NEW."garment_group_name"::text,
        'garment_group_no', NEW."garment_group_no"::text,
        'graphical_appearance_name', NEW."graphical_appearance_name"::text,
        'graphical_appearance_no', NEW."graphical_appearance_no"::text,
        'index_code', NEW."index_code"::text,
        'index_group_name', NEW."index_group_name"::text,
        'index_group_no', NEW."index_group_no"::text,
        'index_name', NEW."index_name"::text,
        'perceived_colour_master_id', NEW."perceived_colour_master_id"::text,
        'perceived_colour_master_name', NEW."perceived_colour_master_name"::text,
        'perceived_colour_value_id', NEW."perceived_colour_value_id"::text,
        'perceived_colour_value_name', NEW."perceived_colour_value_name"::text,
        'product_group_name', NEW."product_group_name"::text,
        'product_type_name', NEW."product_type_name"::text,
        'product_type_no', NEW."product_type_no"::text,
        'section_name', NEW."section_name"::text,
        'section_no', NEW."section_no"::text
    );
    IF coalesce(NEW."index_group_name", NEW."product_group_name", NEW."product_type_name") IS NOT NULL THEN
        NEW."category" = array_remove(ARRAY[
            NEW."attributes" #>> '{index_group_name,0}', NEW."attributes" #>> '{product_group_name,0}',
            NEW."attributes" #>> '{product_type_name,0}'
        ], NULL);
    END IF;
    NEW."product_code" = NULL;
    NEW."prod_name" = NULL;
    NEW."detail_desc" = NULL;
    NEW."colour_group_code" = NULL;
    NEW."colour_group_name" = NULL;
    NEW."department_name" = NULL;
    NEW."department_no" = NULL;
    NEW."garment_group_name" = NULL;
    NEW."garment_group_no" = NULL;
    NEW."graphical_appearance_name" = NULL;
    NEW."graphical_appearance_no" = NULL;
    NEW."index_code" = NULL;
    NEW."index_group_name" = NULL;
    NEW."index_group_no" = NULL;
    NEW."index_name" = NULL;
    NEW."perceived_colour_master_id" = NULL;
    NEW."perceived_colour_master_name" = NULL;
    NEW."perceived_colour_value_id" = NULL;
    NEW."perceived_colour_value_name" = NULL;
    NEW."product_group_name" = NULL;
    NEW."product_type_name" = NULL;
    NEW."product_type_no" = NULL;
    NEW."section_name" = NULL;
    NEW."section_no" = NULL;
    RETURN NEW;
END;
$$;

CREATE TRIGGER "articles_former_columns" BEFORE INSERT OR UPDATE ON "articles" FOR EACH ROW
WHEN (num_nonnulls(
    NEW."product_code", NEW."prod_name", NEW."detail_desc", NEW."colour_group_code", NEW."colour_group_name", NEW."department_name", NEW."department_no", NEW."garment_group_name", NEW."garment_group_no", NEW."graphical_appearance_name", NEW."graphical_appearance_no", NEW."index_code", NEW."index_group_name", NEW."index_group_no", NEW."index_name", NEW."perceived_colour_master_id", NEW."perceived_colour_master_name", NEW."perceived_colour_value_id", NEW."perceived_colour_value_name", NEW."product_group_name", NEW."product_type_name", NEW."product_type_no", NEW."section_name", NEW."section_no"
) > 0) EXECUTE FUNCTION "articles_former_columns"();

-- The trigger moves the values of all rows that there are. No server has to follow these changes.
ALTER TABLE "articles" DISABLE TRIGGER "articles_touch";
UPDATE "articles" SET "key" = "key";
ALTER TABLE "articles" ENABLE TRIGGER "articles_touch";

-- Customers likewise. A postal code is a text, which models do not read.
ALTER TABLE "customers" ALTER COLUMN "key" TYPE BIGINT;
ALTER SEQUENCE "customers_key_seq" AS BIGINT;

CREATE FUNCTION "customers_former_columns"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."attributes" = NEW."attributes" || jsonb_strip_nulls(jsonb_build_object(
        'fn', NEW."fn", 'active', NEW."active", 'postal_code', nullif(NEW."postal_code", '')
    )) || "categories_of"(
        'club_member_status', NEW."club_member_status", 'fashion_news_frequency', NEW."fashion_news_frequency"
    );
    NEW."fn" = NULL;
    NEW."active" = NULL;
    NEW."club_member_status" = NULL;
    NEW."fashion_news_frequency" = NULL;
    NEW."postal_code" = NULL;
    RETURN NEW;
END;
$$;

CREATE TRIGGER "customers_former_columns" BEFORE INSERT OR UPDATE ON "customers" FOR EACH ROW
WHEN (num_nonnulls(
    NEW."fn", NEW."active", NEW."club_member_status", NEW."fashion_news_frequency", NEW."postal_code"
) > 0) EXECUTE FUNCTION "customers_former_columns"();

UPDATE "customers" SET "key" = "key";

-- Purchases. A price is read from its text, so that 20.96 stays 20.96 in 64 bits.
ALTER TABLE "purchases"
    ALTER COLUMN "customer_key" TYPE BIGINT,
    ALTER COLUMN "article_key" TYPE BIGINT,
    ALTER COLUMN "price" TYPE DOUBLE PRECISION USING "price"::TEXT::DOUBLE PRECISION,
    ALTER COLUMN "line" TYPE INTEGER,
    ADD COLUMN "quantity" INTEGER NOT NULL DEFAULT 1,
    ADD COLUMN "state" "purchase_state" NOT NULL DEFAULT 'bought',
    ADD COLUMN "order_id" TEXT;

ALTER TABLE "receipts"
    ALTER COLUMN "customer_key" TYPE BIGINT,
    ALTER COLUMN "article_keys" TYPE BIGINT[],
    ALTER COLUMN "lines" TYPE INTEGER[];

ALTER TABLE "recommendation_lists"
    ALTER COLUMN "customer_key" TYPE BIGINT,
    ALTER COLUMN "article_keys" TYPE BIGINT[];

ALTER TABLE "purchases"
    ADD CONSTRAINT "purchases_customer_key_fkey" FOREIGN KEY ("customer_key") REFERENCES "customers"("key") ON DELETE CASCADE ON UPDATE CASCADE,
    ADD CONSTRAINT "purchases_article_key_fkey" FOREIGN KEY ("article_key") REFERENCES "articles"("key") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "receipts"
    ADD CONSTRAINT "receipts_customer_key_fkey" FOREIGN KEY ("customer_key") REFERENCES "customers"("key") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "recommendation_lists"
    ADD CONSTRAINT "recommendation_lists_customer_key_fkey" FOREIGN KEY ("customer_key") REFERENCES "customers"("key") ON DELETE CASCADE ON UPDATE CASCADE;

-- Orders are looked up by their id. A shop without order ids has an empty index.
CREATE INDEX "purchases_order_id_idx" ON "purchases"("order_id") WHERE "order_id" IS NOT NULL;

-- Returns are few. Imports and orders look up what they cover.
CREATE INDEX "purchases_returns_idx" ON "purchases"("customer_key", "article_key") WHERE "quantity" < 0;

CREATE VIEW "recommendations" AS
SELECT c."customer_id", listed."rank"::INTEGER, a."article_id", listed."score", l."release", l."made_at"
FROM "recommendation_lists" AS l
JOIN "customers" AS c ON c."key" = l."customer_key"
CROSS JOIN LATERAL unnest(l."article_keys", l."scores") WITH ORDINALITY AS listed("article_key", "score", "rank")
JOIN "articles" AS a ON a."key" = listed."article_key";
