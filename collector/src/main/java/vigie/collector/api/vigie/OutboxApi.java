package vigie.collector.api.vigie;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import vigie.base.http.Routes;
import vigie.collector.api.Json;
import vigie.collector.dispatch.Message;
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
          Optional<Outbox.Trouble> trouble = outbox.trouble();
          return Json.answer(
              200,
              json -> {
                json.writeStartObject();
                json.writeArrayFieldStart("pending");
                for (PendingCard card : pending) {
                  pending(json, card);
                }
                json.writeEndArray();
                if (trouble.isPresent()) {
                  trouble(json, trouble.get());
                }
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
    json.writeStringField("receiver", card.receiver());
    json.writeFieldName("group");
    Json.labels(json, card.wanted().groupLabels());
    json.writeNumberField("firing", card.wanted().firing());
    json.writeNumberField("resolved", card.wanted().resolved());
    json.writeStringField("state", card.state().name().toLowerCase(Locale.ROOT));
    json.writeNumberField("attempts", card.attempts());
    json.writeStringField("lastError", card.lastError());
    Json.time(json, "nextTry", card.nextTry());
    json.writeNumberField("messages", card.messages());
    Json.time(json, "since", card.since());
    json.writeEndObject();
  }

  /** Why they wait: {@code "2 cards pending, Discord answers 429 since …"}. */
  private static void trouble(JsonGenerator json, Outbox.Trouble trouble) throws IOException {
    json.writeObjectFieldStart("trouble");
    json.writeNumberField("cards", trouble.cards());
    json.writeStringField("receiver", trouble.receiver());
    json.writeStringField("cause", trouble.cause());
    Json.time(json, "since", trouble.since());
    json.writeEndObject();
  }

  private static void sent(JsonGenerator json, SentCard card) throws IOException {
    json.writeStartObject();
    json.writeStringField("incident", card.incident());
    json.writeStringField("receiver", card.receiver());
    Message beside = card.beside();
    json.writeStringField(
        "kind", beside == null ? "card" : beside.kind().name().toLowerCase(Locale.ROOT));
    json.writeNumberField("firing", card.firing());
    json.writeNumberField("resolved", card.resolved());
    json.writeBooleanField("edited", card.edited());
    Json.time(json, "at", card.at());
    json.writeStringField("message", card.message());
    json.writeEndObject();
  }
}
