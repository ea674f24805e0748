package vigie.collector.store.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notes;
import vigie.collector.dispatch.Notification;
import vigie.collector.outbox.Beside;
import vigie.collector.outbox.Card;
import vigie.collector.outbox.Notifier.Posted;
import vigie.collector.outbox.Notifier.Predecessor;
import vigie.collector.outbox.OutboxStore;

/** Cards and waits in a {@link StateLog}, under keys that begin with {@code outbox/}. */
public final class LogOutboxStore implements OutboxStore {
  private static final Logger log = LoggerFactory.getLogger(LogOutboxStore.class);
  private static final String CARDS = "outbox/card/";
  private static final String WAITS = "outbox/waits";

  private final StateLog states;

  public LogOutboxStore(StateLog states) {
    this.states = states;
  }

  /** A card that cannot be read is left out and logged: it must not hold up all others. */
  @Override
  public List<Card> load() {
    List<Card> cards = new ArrayList<>();
    for (String key : states.keys(CARDS)) {
      byte[] value = states.get(key);
      if (value == null) {
        continue;
      }
      try {
        cards.add(card(StateJson.parse(value)));
      } catch (RuntimeException e) {
        log.error("cannot read a card, it is left out key={} cause={}", key, e.getMessage());
      }
    }
    return cards;
  }

  @Override
  public void save(Collection<Card> cards) {
    Map<String, byte[]> values = new HashMap<>();
    for (Card card : cards) {
      values.put(CARDS + card.key(), StateJson.bytes(json(card)));
    }
    states.putAll(values);
  }

  @Override
  public void remove(String key) {
    states.remove(CARDS + key);
  }

  @Override
  public Map<String, Instant> loadWaits() {
    Map<String, Instant> waits = new HashMap<>();
    byte[] value = states.get(WAITS);
    if (value != null) {
      StateJson.parse(value)
          .properties()
          .forEach(wait -> waits.put(wait.getKey(), StateJson.instant(wait.getValue())));
    }
    return waits;
  }

  @Override
  public void saveWaits(Map<String, Instant> waits) {
    ObjectNode node = StateJson.object();
    waits.forEach((name, until) -> node.put(name, until.toString()));
    states.put(WAITS, StateJson.bytes(node));
  }

  private static ObjectNode json(Card card) {
    ObjectNode node = StateJson.object();
    node.put("integration", card.integration())
        .put("version", card.version())
        .put("wantedAt", card.wantedAt().toString())
        .put("delivered", card.delivered())
        .put("fallback", card.fallback())
        .put("postingSince", StateJson.text(card.postingSince()))
        .put("deletions", card.deletions())
        .put("predecessor", card.predecessor().name());
    Posted posted = card.posted();
    if (posted != null) {
      node.putObject("posted").put("id", posted.id()).put("target", posted.target());
    }
    node.set("wanted", json(card.wanted()));
    node.set("beside", json(card.beside()));
    return node;
  }

  private static Card card(JsonNode node) {
    JsonNode posted = node.path("posted");
    return new Card(
        node.path("integration").asInt(),
        node.path("fallback").textValue(),
        notification(node.path("wanted")),
        node.path("version").asLong(),
        StateJson.instant(node.path("wantedAt")),
        node.path("delivered").asLong(),
        posted.isObject()
            ? new Posted(posted.path("id").asText(), posted.path("target").asText())
            : null,
        StateJson.optionalInstant(node.path("postingSince")),
        node.path("deletions").asInt(),
        Predecessor.valueOf(node.path("predecessor").asText(Predecessor.NONE.name())),
        beside(node.path("beside")));
  }

  private static ObjectNode json(Beside beside) {
    ObjectNode node = StateJson.object();
    node.put("tellingSince", StateJson.text(beside.tellingSince()));
    beside.told().forEach(node.putArray("told")::add);
    node.set("waiting", StateJson.array(beside.waiting(), LogOutboxStore::json));
    return node;
  }

  private static Beside beside(JsonNode node) {
    return new Beside(
        StateJson.list(node.path("waiting"), LogOutboxStore::message),
        StateJson.list(node.path("told"), JsonNode::asText),
        StateJson.optionalInstant(node.path("tellingSince")));
  }

  private static ObjectNode json(Message message) {
    Severity ping = message.ping();
    ObjectNode node = StateJson.object();
    node.put("incident", message.incident())
        .put("id", message.id())
        .put("kind", message.kind().name())
        .put("at", message.at().toString())
        .put("ping", ping == null ? null : ping.name())
        .put("by", message.by())
        .put("text", message.text());
    message.lines().forEach(node.putArray("lines")::add);
    return node;
  }

  private static Message message(JsonNode node) {
    String ping = node.path("ping").textValue();
    return new Message(
        node.path("incident").asText(),
        node.path("id").asText(),
        Message.Kind.valueOf(node.path("kind").asText()),
        StateJson.instant(node.path("at")),
        ping == null ? null : Severity.valueOf(ping),
        node.path("by").asText(),
        node.path("text").asText(),
        StateJson.list(node.path("lines"), JsonNode::asText));
  }

  private static ObjectNode json(Notification wanted) {
    ObjectNode node = StateJson.object();
    node.put("incident", wanted.incident())
        .put("groupKey", wanted.groupKey())
        .put("receiver", wanted.receiver())
        .put("firing", wanted.firing())
        .put("resolved", wanted.resolved())
        .put("firstChange", wanted.firstChange().toString())
        .put("lastChange", wanted.lastChange().toString());
    node.set("groupLabels", StateJson.labels(wanted.groupLabels()));
    node.set("commonLabels", StateJson.labels(wanted.commonLabels()));
    node.set("commonAnnotations", StateJson.labels(wanted.commonAnnotations()));
    node.set("alerts", StateJson.array(wanted.alerts(), StateJson::alert));
    if (!wanted.notes().equals(Notes.NONE)) {
      node.set("notes", NotesJson.of(wanted.notes()));
    }
    return node;
  }

  private static Notification notification(JsonNode node) {
    return new Notification(
        node.path("incident").asText(),
        node.path("groupKey").asText(),
        node.path("receiver").asText(),
        StateJson.labels(node.path("groupLabels")),
        StateJson.labels(node.path("commonLabels")),
        StateJson.labels(node.path("commonAnnotations")),
        StateJson.list(node.path("alerts"), StateJson::alert),
        node.path("firing").asInt(),
        node.path("resolved").asInt(),
        StateJson.instant(node.path("firstChange")),
        StateJson.instant(node.path("lastChange")),
        NotesJson.read(node.path("notes")));
  }
}
