package vigie.agent.source;

/**
 * Why something cannot be read on this machine.
 *
 * @param message what is wrong and what to do
 * @param wanted whether the operator asked for it, so that it is a fault and not only told
 */
public record SourceFault(String message, boolean wanted) {}
