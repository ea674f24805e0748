package vigie.collector.api.vigie;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import vigie.base.http.Routes;
import vigie.collector.api.Json;
import vigie.collector.outbox.Outbox;
import vigie.collector.outbox.PendingCard;
import vigie.collector.outbox.SentCard;

/**
 * {@code /api/vigie/outbox}: the cards whose wanted state is not seen yet, oldest first, and what
 * was sent last.
 */
public final class OutboxApi {
  private final Outbox outbox;

  public OutboxApi(Outbox outbox) {
    this.outbox = outbox;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get(
        "/api/vigie/outbox",
        request -> {
          List<PendingCard> pending =
              outbox.pending().stream().sorted(Comparator.comparing(PendingCard::since)).toList();
          List<SentCard> sent = outbox.history();
          return Json.answer(
              200,
              json -> {
                json.writeStartObject();
                json.writeArrayFieldStart("pending");
                for (PendingCard card : pending) {
                  pending(json, card);
                }
                json.writeEndArray();
                json.writeArrayFieldStart("sent");
                for (SentCard card : sent) {
                  sent(json, card);
                }
                json.writeEndArray();
                json.writeEndObject();
              });
        });
  }

  private static void pending(JsonGenerator json, PendingCard card) throws IOException {
    json.writeStartObject();
    json.writeStringField("incident", card.wanted().incident());
    json.writeStringField("receiver", card.wanted().receiver());
    json.writeFieldName("group");
    Json.labels(json, card.wanted().groupLabels());
    json.writeNumberField("firing", card.wanted().firing());
    json.writeNumberField("resolved", card.wanted().resolved());
    json.writeStringField("state", card.state().name().toLowerCase(Locale.ROOT));
    json.writeNumberField("attempts", card.attempts());
    json.writeStringField("lastError", card.lastError());
    Json.time(json, "nextTry", card.nextTry());
    Json.time(json, "since", card.since());
    json.writeEndObject();
  }

  private static void sent(JsonGenerator json, SentCard card) throws IOException {
    json.writeStartObject();
    json.writeStringField("incident", card.incident());
    json.writeStringField("receiver", card.receiver());
    json.writeNumberField("firing", card.firing());
    json.writeNumberField("resolved", card.resolved());
    json.writeBooleanField("edited", card.edited());
    Json.time(json, "at", card.at());
    json.writeStringField("message", card.message());
    json.writeEndObject();
  }
}
