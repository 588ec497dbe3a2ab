-- CreateTable
CREATE TABLE "articles" (
    "key" SERIAL NOT NULL,
    "article_id" TEXT NOT NULL,
    "product_code" TEXT,
    "prod_name" TEXT,
    "product_type_no" INTEGER,
    "product_type_name" TEXT,
    "product_group_name" TEXT,
    "graphical_appearance_no" INTEGER,
    "graphical_appearance_name" TEXT,
    "colour_group_code" INTEGER,
    "colour_group_name" TEXT,
    "perceived_colour_value_id" INTEGER,
    "perceived_colour_value_name" TEXT,
    "perceived_colour_master_id" INTEGER,
    "perceived_colour_master_name" TEXT,
    "department_no" INTEGER,
    "department_name" TEXT,
    "index_code" TEXT,
    "index_name" TEXT,
    "index_group_no" INTEGER,
    "index_group_name" TEXT,
    "section_no" INTEGER,
    "section_name" TEXT,
    "garment_group_no" INTEGER,
    "garment_group_name" TEXT,
    "detail_desc" TEXT,
    "attributes" JSONB NOT NULL DEFAULT '{}',
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "articles_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "customers" (
    "key" SERIAL NOT NULL,
    "customer_id" TEXT NOT NULL,
    "fn" BOOLEAN,
    "active" BOOLEAN,
    "club_member_status" TEXT,
    "fashion_news_frequency" TEXT,
    "age" INTEGER,
    "postal_code" TEXT,
    "attributes" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "customers_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "purchases" (
    "customer_key" INTEGER NOT NULL,
    "article_key" INTEGER NOT NULL,
    "bought_at" TIMESTAMPTZ(0) NOT NULL,
    "price" REAL,
    "sales_channel_id" SMALLINT,
    "line" SMALLINT NOT NULL DEFAULT 1,

    CONSTRAINT "purchases_pkey" PRIMARY KEY ("customer_key","bought_at","article_key","line")
);

-- CreateTable
CREATE TABLE "facts" (
    "name" TEXT NOT NULL,
    "value" JSONB NOT NULL,

    CONSTRAINT "facts_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE UNIQUE INDEX "articles_article_id_key" ON "articles"("article_id");

-- CreateIndex
CREATE INDEX "articles_updated_at_idx" ON "articles"("updated_at");

-- CreateIndex
CREATE UNIQUE INDEX "customers_customer_id_key" ON "customers"("customer_id");

-- CreateIndex
CREATE INDEX "purchases_bought_at_idx" ON "purchases" USING BRIN ("bought_at");

-- CreateIndex
CREATE INDEX "purchases_article_key_idx" ON "purchases"("article_key");

-- AddForeignKey
ALTER TABLE "purchases" ADD CONSTRAINT "purchases_customer_key_fkey" FOREIGN KEY ("customer_key") REFERENCES "customers"("key") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "purchases" ADD CONSTRAINT "purchases_article_key_fkey" FOREIGN KEY ("article_key") REFERENCES "articles"("key") ON DELETE CASCADE ON UPDATE CASCADE;

-- From here on by hand: Prisma's schema cannot say it.
-- Whoever updates an article, by whatever means, moves updated_at: running servers find changed articles by it.
-- clock_timestamp(), not now(): within a long transaction the time of its begin would lie before what was already seen.
CREATE FUNCTION "articles_touch"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."updated_at" = clock_timestamp();
    RETURN NEW;
END;
$$;

CREATE TRIGGER "articles_touch" BEFORE UPDATE ON "articles" FOR EACH ROW EXECUTE FUNCTION "articles_touch"();
