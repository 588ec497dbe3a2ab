-- CreateTable
CREATE TABLE "receipts" (
    "request_id" TEXT NOT NULL,
    "customer_key" INTEGER NOT NULL,
    "content" TEXT NOT NULL,
    "bought_at" TIMESTAMPTZ(0) NOT NULL,
    "article_keys" INTEGER[] NOT NULL,
    "lines" SMALLINT[] NOT NULL,

    CONSTRAINT "receipts_pkey" PRIMARY KEY ("request_id")
);

-- CreateIndex
CREATE INDEX "receipts_customer_key_idx" ON "receipts"("customer_key");

-- AddForeignKey
ALTER TABLE "receipts" ADD CONSTRAINT "receipts_customer_key_fkey" FOREIGN KEY ("customer_key") REFERENCES "customers"("key") ON DELETE CASCADE ON UPDATE CASCADE;
