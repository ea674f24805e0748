package vigie.collector.rule;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/** What rule evaluation tells of itself. */
final class RuleMeters {
  final Counter evaluations;
  final Counter evaluationFailures;
  final Counter missed;
  final Counter triggered;
  final Counter eventsDropped;
  final Counter templateFailures;
  final Counter saveFailures;
  final Counter sinkFailures;
  final Timer groupDuration;

  RuleMeters(MeterRegistry meters) {
    evaluations = counter(meters, "vigie.rule.evaluations", "Rules evaluated.");
    evaluationFailures =
        counter(
            meters, "vigie.rule.evaluation.failures", "Rules whose evaluation ended in an error.");
    missed =
        counter(
            meters,
            "vigie.rule.group.iterations.missed",
            "Evaluations of groups left out because the one before took too long.");
    triggered =
        counter(
            meters,
            "vigie.rule.group.triggered",
            "Evaluations of groups that events or pushed samples asked for.");
    eventsDropped =
        counter(
            meters,
            "vigie.rule.events.dropped",
            "Events not attached to alerts because too many waited for one evaluation.");
    templateFailures =
        counter(
            meters,
            "vigie.rule.template.failures",
            "Labels and annotations whose template could not be expanded.");
    saveFailures =
        counter(
            meters, "vigie.alert.save.failures", "States of alerts that the disk did not take.");
    sinkFailures =
        counter(
            meters, "vigie.alert.sink.failures", "Changes of alerts that dispatch did not take.");
    groupDuration =
        Timer.builder("vigie.rule.group.duration")
            .description("How long the evaluation of a group took.")
            .register(meters);
  }

  private static Counter counter(MeterRegistry meters, String name, String help) {
    return Counter.builder(name).description(help).register(meters);
  }
}
