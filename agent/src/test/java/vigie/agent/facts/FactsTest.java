package vigie.agent.facts;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import vigie.base.time.ManualClock;

class FactsTest {
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Machine machine = new Machine();
  private final List<Runnable> tasks = new ArrayList<>();

  @Test
  void givenFacts_whenHalfAMinuteHasPassed_thenTheyAreFoundAndNotBefore() {
    Facts facts = facts();

    clock.advance(Duration.ofSeconds(29));
    assertThat(tasks).isEmpty();
    clock.advance(Duration.ofSeconds(1));
    runTasks();

    Facts.Found found = facts.found();
    assertThat(found).isNotNull();
    assertThat(found.computer()).isEqualTo(machine.computer());
    assertThat(found.at()).isEqualTo(clock.now());
  }

  @Test
  void givenFactThatFails_whenRefreshed_thenItIsCountedAndKeepsItsLastValue() {
    Facts facts = facts();
    clock.advance(Duration.ofSeconds(30));
    runTasks();
    machine.broken = true;

    clock.advance(Duration.ofMinutes(5));
    runTasks();

    Facts.Found found = facts.found();
    assertThat(found).isNotNull();
    assertThat(found.sensors().celsius()).isEqualTo(40);
    assertThat(found.at()).isEqualTo(clock.now());
    assertThat(meters.get("vigie.facts.failures").tag("fact", "sensors").counter().count())
        .isEqualTo(1);
    assertThat(meters.get("vigie.facts.failures").tag("fact", "disks").counter().count()).isZero();
    assertThat(machine.computersAsked).isEqualTo(1);
  }

  @Test
  void givenRefreshThatHangs_whenTheNextIsDue_thenItIsNotBegunAgain() {
    facts();
    clock.advance(Duration.ofSeconds(30));
    clock.advance(Duration.ofMinutes(15));

    assertThat(tasks).hasSize(1);
  }

  @Test
  void givenFacts_whenRefreshed_thenWhatThatCostsIsCounted() {
    facts();

    clock.advance(Duration.ofSeconds(30));
    runTasks();

    assertThat(meters.get("vigie.facts.refreshes").counter().count()).isEqualTo(1);
    assertThat(meters.get("vigie.facts.cpu.seconds").counter().count()).isNotNegative();
  }

  private Facts facts() {
    return new Facts(machine, clock, clock, tasks::add, FactsConfig.DEFAULTS.every(), meters);
  }

  private void runTasks() {
    tasks.forEach(Runnable::run);
    tasks.clear();
  }

  private static final class Machine implements Hardware {
    private boolean broken;
    private int computersAsked;

    @Override
    public Computer computer() {
      computersAsked++;
      return new Computer("maker", "model", "", "");
    }

    @Override
    public List<MemoryModule> memory() {
      return List.of();
    }

    @Override
    public Sensors sensors() {
      if (broken) {
        throw new IllegalStateException("no such sensor");
      }
      return new Sensors(40, List.of());
    }

    @Override
    public List<Disk> disks() {
      return List.of();
    }

    @Override
    public List<Battery> batteries() {
      return List.of();
    }
  }
}
