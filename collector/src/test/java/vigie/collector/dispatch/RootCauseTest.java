package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.node.Node;
import vigie.collector.node.NodeState;

/** The cause gets a card, what follows from it gets lines there, in whatever order they come. */
class RootCauseTest {
  private static final String[] SILENT = {"alertname", "NodeSilent", "node", "p1", "state", "lost"};
  private static final String[] DOWN = {"alertname", "TargetDown", "node", "p1", "target", "t"};

  private final DispatchRig rig = new DispatchRig();

  @Test
  void givenSilentNode_whenItsAlertsFire_thenTheyAreLinesOnItsCard() {
    rig.node("p1", NodeState.LOST, "2m");
    Alert silent = rig.fire(SILENT);
    Alert down = rig.fire(DOWN);
    rig.fire("alertname", "TargetDown", "node", "p2", "target", "t");
    rig.advance("1s");

    assertThat(rig.open).hasSize(2);
    Notification card = rig.open.get(rig.told.get(0).incident());
    assertThat(card.notes().heldCount()).isEqualTo(1);
    assertThat(card.notes().held().get(0).labels()).isEqualTo(down.labels());
    assertThat(rig.dispatcher.mark(down.fingerprint()).inhibitedBy())
        .containsExactly(silent.fingerprint());

    rig.resolve(DOWN);
    rig.advance("1s");
    card = rig.open.get(rig.told.get(0).incident());
    assertThat(card.notes().held().get(0).resolvedAt()).isNotNull();
  }

  @Test
  void givenRestart_whenAnEndIsHeardBeforeItIsKnownWhatFires_thenTheCardHasThatTime() {
    rig.fire(DOWN);
    rig.advance("1m");
    Instant end = rig.clock.now();
    rig.beforeStart.add(rig.alert(AlertState.RESOLVED, DOWN));
    rig.advance("1h");

    rig.restart(List.of());

    assertThat(rig.open).isEmpty();
    assertThat(rig.last().alerts().get(0).resolvedAt()).isEqualTo(end);
  }

  @Test
  void givenAcknowledgedAlert_whenItsNodeFallsSilentAndItsSeriesEnd_thenItStaysAcknowledged() {
    rig.node("p1", NodeState.UP, "1s");
    Alert down = rig.fire(DOWN);
    rig.ack(down);
    rig.node("p1", NodeState.LOST, "2m");
    rig.resolve(DOWN);
    assertThat(rig.acked).containsKey(down.fingerprint());
    assertThat(rig.dispatcher.open()).contains(down.fingerprint());

    rig.node("p1", NodeState.UP, "1s");
    rig.advance("35s");

    assertThat(rig.open).isEmpty();
    assertThat(rig.acked).isEmpty();
  }

  @Test
  void givenQuietNode_whenItsAlertComesBeforeItsSilence_thenItWaitsAndBecomesALine() {
    rig.node("p1", NodeState.UP, "40s");
    rig.fire(DOWN);
    rig.advance("20s");
    assertThat(rig.told).isEmpty();

    rig.node("p1", NodeState.LOST, "1m");
    rig.fire(SILENT);
    rig.advance("1s");

    assertThat(rig.open).hasSize(1);
    assertThat(rig.last().commonLabels().get("alertname")).isEqualTo("NodeSilent");
    assertThat(rig.last().notes().held()).hasSize(1);
  }

  @Test
  void givenNodeThatHasJustFallenSilent_whenTheAlertThatTellsItIsOnItsWay_thenItsOthersWait() {
    rig.node("p1", NodeState.UP, "110s");
    rig.fire(DOWN);
    rig.node("p1", NodeState.LOST, "2m");
    rig.advance("2s"); // looked at every second
    assertThat(rig.told).isEmpty();

    rig.fire(SILENT);
    rig.advance("1s");

    assertThat(rig.open).hasSize(1);
    assertThat(rig.last().commonLabels().get("alertname")).isEqualTo("NodeSilent");
    assertThat(rig.last().notes().held()).hasSize(1);
  }

  @Test
  void givenLostNodeOfWhichNoRuleTells_whenItsAlertFires_thenItIsToldAllTheSame() {
    rig.node("p1", NodeState.LOST, "2m");
    rig.fire(DOWN);
    rig.advance("15s");

    assertThat(rig.told).hasSize(1);
  }

  @Test
  void givenScrapedNodeBehindASilentHost_whenItsScrapesFail_thenTheHostIsTheCause() {
    rig.dependsOn.put("p1", "host");
    rig.fire("alertname", "NodeSilent", "node", "host", "state", "lost");
    Instant now = rig.clock.now();
    Instant heard = now.minusSeconds(75);
    rig.nodes.put("p1", new Node("p1", true, true, NodeState.UP, "", now, heard, null, "", "", ""));
    rig.fire(DOWN);
    rig.advance("1s");

    assertThat(rig.open).hasSize(1);
    assertThat(rig.last().notes().held()).hasSize(1);
  }

  @Test
  void givenQuietNode_whenItIsHeardAfterAll_thenItsAlertIsTold() {
    rig.node("p1", NodeState.UP, "40s");
    rig.fire(DOWN);
    rig.node("p1", NodeState.UP, "0s");
    rig.advance("1s");

    assertThat(rig.told).hasSize(1);
  }

  @Test
  void givenQuietNode_whenNobodyEverTellsOfItsSilence_thenItsAlertIsToldAllTheSame() {
    rig.node("p1", NodeState.UP, "40s");
    rig.fire(DOWN);
    rig.advance("150s");

    assertThat(rig.told).hasSize(1);
    rig.advance("10m");
    assertThat(rig.told).hasSize(1);
  }

  @Test
  void givenNodeThatIsHeard_whenItsAlertFires_thenItIsToldAtOnce() {
    rig.node("p1", NodeState.UP, "3s");
    rig.dependsOn.put("p1", "host");
    rig.node("host", NodeState.UP, "50s");
    rig.fire(DOWN);

    assertThat(rig.told).hasSize(1);
  }

  @Test
  void givenHostAndItsDependants_whenAllFallSilentInAnyOrder_thenOneCard() {
    rig.dependsOn.put("p1", "host");
    rig.dependsOn.put("p2", "host");
    rig.node("host", NodeState.UP, "110s");
    rig.node("p1", NodeState.LOST, "2m");
    rig.node("p2", NodeState.LOST, "2m");
    rig.fire(SILENT);
    assertThat(rig.told).isEmpty();

    rig.node("host", NodeState.LOST, "2m");
    rig.fire("alertname", "NodeSilent", "node", "host", "state", "lost");
    rig.fire("alertname", "NodeSilent", "node", "p2", "state", "lost");
    rig.fire(DOWN);
    rig.advance("1s");

    assertThat(rig.open).hasSize(1);
    assertThat(rig.last().commonLabels().get("node")).isEqualTo("host");
    assertThat(rig.last().notes().held()).hasSize(3);
  }

  @Test
  void givenHostThatIsBack_whenADependantStaysAway_thenItIsToldAfterAMoment() {
    rig.dependsOn.put("p1", "host");
    rig.node("host", NodeState.LOST, "2m");
    rig.fire("alertname", "NodeSilent", "node", "host", "state", "lost");
    rig.fire(SILENT);
    rig.node("host", NodeState.UP, "0s");
    rig.resolve("alertname", "NodeSilent", "node", "host", "state", "lost");
    rig.advance("29s");
    assertThat(rig.open).isEmpty();
    rig.node("host", NodeState.UP, "0s");

    rig.advance("2s");

    assertThat(rig.open).hasSize(1);
    assertThat(rig.last().commonLabels().get("node")).isEqualTo("p1");
  }

  @Test
  void givenHostSwitchedOffOnPurpose_whenItsDependantsFallSilent_thenNoCard() {
    rig.dependsOn.put("p1", "host");
    rig.node("host", NodeState.OFF, "1m");
    Alert silent = rig.fire(SILENT);

    assertThat(rig.told).isEmpty();
    assertThat(rig.dispatcher.mark(silent.fingerprint()).inhibitedBy())
        .containsExactly("node/host");
  }

  @Test
  void givenNodeSwitchedOff_whenAnAlertBeganBeforeThatWasFoundOut_thenNoCard() {
    Alert down = rig.alert(AlertState.FIRING, DOWN);
    rig.advance("10s");
    rig.node("p1", NodeState.OFF, "15s");
    rig.dispatcher.accept(List.of(down));

    assertThat(rig.told).isEmpty();
  }

  @Test
  void givenNodeSwitchedOff_whenAnAlertIsOlderThanItsLastSignOfLife_thenItIsToldAllTheSame() {
    Alert down = rig.alert(AlertState.FIRING, DOWN);
    rig.advance("10s");
    rig.node("p1", NodeState.OFF, "5s");

    rig.dispatcher.accept(List.of(down));

    assertThat(rig.told).hasSize(1);
  }

  @Test
  void givenNeighboursThatLook_whenANodeIsSilent_thenItsCardSaysWhoReachesIt() {
    rig.reach.put("p1", new AlertMark.Reach("p1", List.of("p2", "p3"), List.of()));
    Alert silent = rig.fire(SILENT);

    AlertMark.Reach reach = rig.last().mark(silent).reach();
    assertThat(reach).isNotNull();
    assertThat(reach.text())
        .isEqualTo("p2 and p3 still reach it: the link or the agent, not the host");
    assertThat(new AlertMark.Reach("p1", List.of(), List.of("p2")).text())
        .isEqualTo("p2 does not reach it either: the host");
  }

  @Test
  void givenCardOfASilentNode_whenANeighbourNoLongerReachesIt_thenTheCardSaysSo() {
    rig.reach.put("p1", new AlertMark.Reach("p1", List.of("p2"), List.of()));
    Alert silent = rig.fire(SILENT);
    rig.reach.put("p1", new AlertMark.Reach("p1", List.of(), List.of("p2")));

    rig.dispatcher.reachTold("p1");
    rig.dispatcher.reachTold("p3"); // of which nobody tells anything
    rig.advance("2s");

    assertThat(rig.open).hasSize(1);
    assertThat(rig.last().mark(silent).reach())
        .isEqualTo(new AlertMark.Reach("p1", List.of(), List.of("p2")));
  }

  @Test
  void givenCardOfAnAlert_whenItsNodeFallsSilent_thenTheCardStaysAndIsResolvedLater() {
    Alert down = rig.fire(DOWN);
    Alert silent = rig.fire(SILENT);
    rig.advance("1s");

    assertThat(rig.open).hasSize(2);
    assertThat(rig.open.get(rig.told.get(0).incident()).mark(down).inhibitedBy())
        .containsExactly(silent.fingerprint());
    rig.resolve(SILENT);
    rig.resolve(DOWN);
    rig.advance("1m");
    assertThat(rig.open).isEmpty();
  }

  @Test
  void givenCard_whenItsAlertEndsAsTheNodeFallsSilent_thenItStaysOpenUntilTheNodeSaysMore() {
    Alert down = rig.fire(DOWN);
    rig.node("p1", NodeState.LOST, "2m");
    rig.resolve(DOWN); // its series ended
    rig.fire(SILENT);
    rig.advance("10m");
    assertThat(rig.open).hasSize(2);

    rig.node("p1", NodeState.UP, "0s");
    rig.resolve(SILENT);
    rig.advance("10s");
    rig.fire(DOWN); // the agent says that it still is
    rig.advance("10m");
    assertThat(rig.open).hasSize(1);
    assertThat(rig.told.stream().map(Notification::incident).distinct()).hasSize(2);
    assertThat(rig.last().mark(down)).isEqualTo(AlertMark.NONE);

    rig.node("p1", NodeState.LOST, "2m");
    rig.fire(SILENT);
    rig.resolve(DOWN);
    rig.node("p1", NodeState.UP, "0s");
    rig.resolve(SILENT);
    rig.advance("29s");
    assertThat(rig.open).hasSize(1);
    rig.advance("2s");
    assertThat(rig.open).isEmpty();
  }

  @Test
  void givenCardOfASilentNodesAlert_whenRestarted_thenItStaysOpen() {
    rig.fire(DOWN);
    rig.node("p1", NodeState.LOST, "2m");
    Alert silent = rig.fire(SILENT);
    rig.restart(List.of(silent));
    rig.advance("1m");

    assertThat(rig.open).hasSize(2);
    rig.node("p1", NodeState.UP, "0s");
    rig.resolve(SILENT);
    rig.advance("40s");
    assertThat(rig.open).isEmpty();
  }
}
