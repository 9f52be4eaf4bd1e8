namespace Fota.DeviceAgent.State;

/// <summary>The date of the sources that the agent was built of: SOURCE_DATE_EPOCH, or that of the version.</summary>
internal static partial class BuildTime
{
    public static DateTimeOffset Value { get; } = DateTimeOffset.FromUnixTimeSeconds(UnixSeconds);
}
