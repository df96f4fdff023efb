//! A model client: the shortest program that handles every kind rightly. It proves that every
//! expectation can be met, and that meeting it leaves no violation.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, NaiveDateTime, SecondsFormat};
use serde_json::{Value, json};

use super::client::Client;

/// Stage and reason.
pub(super) type End = (u8, Option<&'static str>);

pub(super) struct Model {
    pub(super) client: Client,
    pub(super) settings: Value,
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value[name].as_str().filter(|text| !text.is_empty())
}

fn line_key(line: &Value) -> Option<&str> {
    text(line, "partnerSku").or_else(|| text(line, "sku"))
}

fn price(line: &Value) -> Option<i64> {
    ["consumerPriceWithTax", "consumerPrice", "retailPrice", "expectedCost"]
        .iter()
        .find_map(|name| line[*name].as_f64())
        .map(|price| format!("{:.0}", price * 100.0).parse().unwrap())
}

fn units(line: &Value) -> u64 {
    line["quantity"].as_u64().unwrap() - line["cancelledQuantity"].as_u64().unwrap()
}

fn code(order: &Value, name: &str) -> Option<String> {
    let requested = format!("requested{}{}", name[..1].to_uppercase(), &name[1..]);
    let ship = match name {
        "warehouseCode" => "shipWarehouseCode",
        other => other,
    };
    text(order, ship).or_else(|| text(order, &requested)).map(str::to_owned)
}

impl Model {
    async fn order(&self, po: &str) -> Value {
        let path = format!("/order/?orderKey=poNumber&value={po}&returnMultiple=true");
        self.client.dsco("GET", &path, &Value::Null).await.1[0].clone()
    }

    pub(super) async fn pull(&self) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        let until = (self.client.clock.get() - Duration::seconds(10)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut path = format!("/order/page?ordersCreatedSince=2020-01-01T00:00:00Z&until={until}&ordersPerPage=100");
        loop {
            let (status, page) = self.client.dsco("GET", &path, &Value::Null).await;
            assert_eq!(status, 200, "{page}");
            let orders = page["orders"].as_array().unwrap();
            for order in orders {
                found.insert(order["poNumber"].as_str().unwrap().to_owned(), order.clone());
            }
            match text(&page, "scrollId") {
                Some(id) if !orders.is_empty() => {
                    let id = id.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
                    path = format!("/order/page?scrollId={id}");
                }
                _ => return found,
            }
        }
    }

    /// The create request, or why there is none.
    fn create_body(&self, order: &Value) -> Result<Value, &'static str> {
        let mapping = &self.settings["mapping"];
        if order["cancelRequested"] == true {
            return Err("cancel_requested");
        }
        let lines = order["lineItems"].as_array().ok_or("invalid_payload")?;
        let store = text(&mapping["shop"], order["dscoRetailerId"].as_str().unwrap());
        let store = store.ok_or("missing_shop_mapping")?;
        let mut new = json!({
            "platform_order_no": order["poNumber"],
            "receiver_country_code": order["shipping"]["country"],
            "amount_currency": "USD",
        });
        if let Some(warehouse) = code(order, "warehouseCode") {
            let wid = text(&mapping["warehouse"], &warehouse).ok_or("missing_warehouse_mapping")?;
            let service = code(order, "shippingServiceLevelCode").unwrap();
            let shipment = text(&mapping["shipment"], &format!("{warehouse}-{service}"));
            new["wid"] = json!(wid);
            new["logistics_type_id"] = json!(shipment.ok_or("missing_shipment_mapping")?);
        }
        let shipping = &order["shipping"];
        let name = text(shipping, "name").or_else(|| text(shipping, "firstName"));
        new["receiver_name"] = json!(name.ok_or("missing_address")?);
        new["city"] = json!(text(shipping, "city").ok_or("missing_address")?);
        new["address_line1"] = json!(text(shipping, "address1").ok_or("missing_address")?);
        let mut items = Vec::new();
        for line in lines {
            let key = line_key(line).ok_or("missing_sku")?;
            let cents = price(line).ok_or("missing_price")?;
            let mut item = json!({
                "msku": key,
                "quantity": units(line),
                "unit_price": format!("{}.{:02}", cents / 100, cents % 100),
            });
            if let Some(sku) = text(&mapping["sku"], key) {
                item["sku"] = json!(sku);
            }
            items.push(item);
        }
        new["items"] = json!(items);
        Ok(json!({
            "platform_code": 10011,
            "store_id": store,
            "orders": [new],
        }))
    }

    async fn erp_rows(&self, po: &str) -> Vec<Value> {
        let body = json!({ "offset": 0, "length": 200, "platform_order_nos": [po], "include_delete": true });
        let answer = self.client.erp("/pb/mp/order/v2/list", &body).await;
        assert_eq!(answer["code"], 0, "{answer}");
        let rows = answer["data"]["list"].as_array().cloned().unwrap_or_default();
        let live = |row: &Value| row["is_delete"] == 0 && row["order_from_name"] != "补发订单";
        rows.into_iter().filter(live).collect()
    }

    async fn settle(&self, log: &str, answer: (u16, Value)) -> bool {
        assert_eq!(answer.0, 202, "{answer:?}");
        let path = format!("{log}?requestId={}", answer.1["requestId"].as_str().unwrap());
        self.client.clock.advance(5);
        let (_, log) = self.client.dsco("GET", &path, &Value::Null).await;
        assert_eq!(log["status"], "COMPLETED", "{log}");
        log["logs"][0]["status"] == "success"
    }

    async fn acknowledge(&self, order: &Value) -> Result<(), &'static str> {
        let rows = self.erp_rows(order["poNumber"].as_str().unwrap()).await;
        if rows.is_empty() || rows.iter().any(|row| row["status"] != 5 && row["status"] != 6) {
            return Err("erp_not_reviewed");
        }
        let body = json!([{ "id": order["dscoOrderId"], "type": "DSCO_ORDER_ID" }]);
        let answer = self.client.dsco("POST", "/order/acknowledge", &body).await;
        assert!(self.settle("/order/log", answer).await);
        Ok(())
    }

    /// Tracking number to ship time and (line position, units).
    async fn parcels(&self, order: &Value) -> Result<BTreeMap<String, (String, Vec<(usize, u64)>)>, &'static str> {
        let po = order["poNumber"].as_str().unwrap();
        if self.erp_rows(po).await.is_empty() {
            return Err("not_in_erp");
        }
        let day = |days| (self.client.clock.get() + Duration::days(days)).format("%Y-%m-%d").to_string();
        let store = text(&self.settings["mapping"]["shop"], order["dscoRetailerId"].as_str().unwrap());
        let body = json!({
            "page": 1, "page_size": 200, "platform_order_no_arr": [po], "time_type": "create_at",
            "sid_arr": [store.unwrap().parse::<u64>().unwrap()],
            "start_date": day(-30), "end_date": day(1),
        });
        let answer = self.client.erp("/erp/sc/routing/wms/order/wmsOrderList", &body).await;
        assert_eq!(answer["code"], 0, "{answer}");
        let lines = order["lineItems"].as_array().unwrap();
        let mut left: Vec<u64> = lines.iter().map(units).collect();
        let mut parcels: BTreeMap<String, (String, Vec<(usize, u64)>)> = BTreeMap::new();
        let documents = answer["data"].as_array().unwrap();
        let shipped = |row: &&Value| row["status"] == 3 && row["order_from"] != "补发订单";
        let shipped: Vec<&Value> = documents.iter().filter(shipped).collect();
        if shipped.is_empty() {
            return Err("erp_not_shipped");
        }
        for document in shipped {
            let numbers: BTreeSet<&str> = document["tracking_no"]
                .as_str()
                .unwrap()
                .split(',')
                .map(str::trim)
                .filter(|number| !number.is_empty())
                .collect();
            let number = *numbers.first().ok_or("no_tracking")?;
            let time = text(document, "delivered_at")
                .filter(|time| !time.starts_with("0000"))
                .or_else(|| text(document, "stock_delivered_at"))
                .unwrap();
            let time = NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S").unwrap();
            let time = (time - Duration::hours(8)).and_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
            let parcel = parcels.entry(number.to_owned()).or_insert((time, Vec::new()));
            for row in document["product_info"].as_array().unwrap() {
                if row["bundle_type"] == 2 || row["platform_order_no"] != *po {
                    continue;
                }
                let mut count = row["count"].as_u64().unwrap();
                let mut matched = false;
                for (at, line) in lines.iter().enumerate() {
                    let key = line_key(line).unwrap();
                    let mapped = text(&self.settings["mapping"]["sku"], key);
                    let sku = row["sku"].as_str();
                    if sku != mapped && sku != Some(key) && sku != text(line, "sku") {
                        continue;
                    }
                    matched = true;
                    let take = count.min(left[at]);
                    if take > 0 {
                        left[at] -= take;
                        count -= take;
                        parcel.1.push((at, take));
                    }
                }
                if !matched {
                    return Err("unknown_erp_sku");
                }
                assert_eq!(count, 0, "{po}: the ERP shipped more than was ordered");
            }
        }
        if left.iter().any(|left| *left > 0) {
            return Err("not_fully_shipped");
        }
        Ok(parcels)
    }

    async fn ship(&self, order: &Value) -> Result<String, &'static str> {
        let parcels = self.parcels(order).await?;
        let lines = order["lineItems"].as_array().unwrap();
        let mut last = String::new();
        let mut shipments = Vec::new();
        for (tracking, (time, goods)) in &parcels {
            last = last.max(time.clone());
            let mut by_line: BTreeMap<usize, u64> = BTreeMap::new();
            for (at, count) in goods {
                *by_line.entry(*at).or_default() += count;
            }
            let items: Vec<Value> = by_line
                .iter()
                .map(|(at, count)| {
                    let line = &lines[*at];
                    json!({
                        "lineNumber": line["lineNumber"],
                        "dscoItemId": line["dscoItemId"],
                        "sku": line["sku"],
                        "quantity": count,
                        "packageSpanFlag": *count < units(line),
                    })
                })
                .collect();
            let mut shipment = json!({
                "trackingNumber": tracking,
                "shipDate": time,
                "shipCarrier": code(order, "shipCarrier"),
                "shipMethod": code(order, "shipMethod"),
                "shippingServiceLevelCode": code(order, "shippingServiceLevelCode"),
                "lineItems": items,
            });
            if let Some(warehouse) = code(order, "warehouseCode") {
                shipment["warehouseCode"] = json!(warehouse);
            }
            shipments.push(shipment);
        }
        let body = json!([{
            "dscoOrderId": order["dscoOrderId"],
            "poNumber": order["poNumber"],
            "shipments": shipments,
        }]);
        let answer = self.client.dsco("POST", "/order/shipment/batch/small", &body).await;
        if self.settle("/order/log", answer).await { Ok(last) } else { Err("channel_rejected") }
    }

    async fn invoice(&self, order: &Value, date: &str) {
        let mut total = 0;
        let lines: Vec<Value> = order["lineItems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| {
                let cents = price(line).unwrap();
                total += cents * i64::try_from(units(line)).unwrap();
                json!({
                    "lineNumber": line["lineNumber"],
                    "dscoItemId": line["dscoItemId"],
                    "quantity": units(line),
                    "unitPrice": crate::dsco::money_for_tests(cents),
                })
            })
            .collect();
        let body = json!([{
            "invoiceId": order["poNumber"],
            "poNumber": order["poNumber"],
            "dscoOrderId": order["dscoOrderId"],
            "invoiceDate": date,
            "totalAmount": crate::dsco::money_for_tests(total),
            "lineItems": lines,
        }]);
        let answer = self.client.dsco("POST", "/invoice/batch/small", &body).await;
        assert!(self.settle("/invoice/log", answer).await);
        let path = format!("/invoice?key=poNumber&value={}", order["poNumber"].as_str().unwrap());
        let (_, found) = self.client.dsco("GET", &path, &Value::Null).await;
        assert_eq!(found["invoices"].as_array().unwrap().len(), 1, "{found}");
    }

    pub(super) async fn walk(&self, order: &Value) -> End {
        let order = self.order(order["poNumber"].as_str().unwrap()).await;
        let mut stage = match order["dscoStatus"].as_str().unwrap() {
            "created" => 1,
            "shipment_pending" => 3,
            "shipped" => return (5, None),
            _ => return (6, None),
        };
        if stage == 1 {
            let po = order["poNumber"].as_str().unwrap();
            if self.erp_rows(po).await.is_empty() {
                let body = match self.create_body(&order) {
                    Ok(body) => body,
                    Err(reason) => return (1, Some(reason)),
                };
                let answer = self.client.erp("/pb/mp/order/v2/create", &body).await;
                if answer["data"]["success_details"].as_array().is_none_or(Vec::is_empty) {
                    return (1, Some("erp_rejected"));
                }
            }
            stage = 2;
        }
        (stage, None)
    }

    /// Ends a cancelled order in the ERP, or says why that cannot be.
    async fn cancel(&self, po: &str, stage: u8) -> End {
        let statuses = async || {
            let rows = self.erp_rows(po).await;
            let pairs = rows.iter().map(|row| (row["global_order_no"].clone(), row["status"].as_u64().unwrap()));
            pairs.collect::<Vec<_>>()
        };
        for (number, _) in statuses().await.into_iter().filter(|(_, status)| *status == 5) {
            let body = json!({ "orderNumbers": [number], "tagType": "3-5" });
            self.client.erp("/basicOpen/wmsOrder/cancel", &body).await;
        }
        self.client.clock.advance(30);
        let open = statuses().await;
        if open.iter().any(|(_, status)| *status == 6) {
            return (stage, Some("cancelled_too_late"));
        }
        let numbers: Vec<&Value> = open.iter().filter(|(_, status)| *status == 4).map(|(number, _)| number).collect();
        self.client.erp("/pb/mp/order/v2/cancelOrder", &json!({ "order_list": numbers })).await;
        let done = statuses().await.iter().all(|(_, status)| *status == 7);
        if done { (6, None) } else { (stage, Some("cancel_refused")) }
    }

    pub(super) async fn release(&self, po: &str) -> End {
        let order = self.order(po).await;
        if order["dscoStatus"] == "cancelled" {
            return self.cancel(po, 2).await;
        }
        match self.acknowledge(&order).await {
            Ok(()) => (3, None),
            Err(reason) => (2, Some(reason)),
        }
    }

    pub(super) async fn finish(&self, po: &str) -> End {
        let order = self.order(po).await;
        if order["dscoStatus"] == "cancelled" {
            return self.cancel(po, 3).await;
        }
        let date = match self.ship(&order).await {
            Ok(date) => date,
            Err(reason) => return (3, Some(reason)),
        };
        self.invoice(&order, &date).await;
        (5, None)
    }
}
