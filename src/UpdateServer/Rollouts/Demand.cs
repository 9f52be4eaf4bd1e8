using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Says no to what a plan may not say.</summary>
internal static class Demand
{
    public static int AtLeastOne(int value, string what) => Within(value, 1, int.MaxValue, what)!.Value;

    public static int? Within(int? value, int low, int high, string what) => value < low || value > high
        ? throw (high == int.MaxValue ? Wrong(what, $"at least {low}", value) : Wrong(what, $"{low} to {high}", value))
        : value;

    public static IReadOnlyList<T> AtMost<T>(IReadOnlyList<T> values, int most, string what) => values.Count <= most ? values : throw Wrong(what, $"at most {most}", values.Count);

    public static RejectedException Wrong(string what, string wanted, object got) => new(RejectionReason.ValueOutOfRange, $"{what}: wanted {wanted}, got {got}");
}
