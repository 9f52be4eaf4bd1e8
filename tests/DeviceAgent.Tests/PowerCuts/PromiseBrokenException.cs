namespace Fota.DeviceAgent.Tests.PowerCuts;

/// <summary>A device did what it must never do.</summary>
/// <param name="promise">The promise by its number, for example "P3".</param>
/// <param name="what">What was found.</param>
/// <param name="cause">What told, or null.</param>
internal sealed class PromiseBrokenException(string promise, string what, Exception? cause = null) : Exception($"{promise} broken: {what}", cause)
{
    public string Promise { get; } = promise;
}
