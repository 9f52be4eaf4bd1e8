namespace Fota.UpdateServer.Configuration;

/// <summary>How many requests a minute are taken of one caller, as a bucket that fills evenly and holds a minute's worth (of news two minutes'); 0: any number.</summary>
public sealed record RateSettings
{
    private const int Most = 10_000_000;

    /// <summary>Of one network address, before anybody is asked who they are: many devices may stand behind one.</summary>
    public int AddressPerMinute { get; init; } = 60_000;

    /// <summary>Of one device.</summary>
    public int DevicePerMinute { get; init; } = 600;

    /// <summary>Of one device's reports those that are kept for ever: that speak of a deployment, or do not say what the one before said. An update has half a dozen.</summary>
    public int NewsPerMinute { get; init; } = 30;

    /// <summary>Of one credential of a person.</summary>
    public int PersonPerMinute { get; init; } = 1200;

    /// <exception cref="ConfigurationException">A value is out of range.</exception>
    internal void Validate()
    {
        foreach ((string name, int value) in ((string, int)[])[("addressPerMinute", AddressPerMinute), ("devicePerMinute", DevicePerMinute), ("newsPerMinute", NewsPerMinute), ("personPerMinute", PersonPerMinute)])
        {
            if (value is < 0 or > Most)
            {
                throw new ConfigurationException($"rates.{name}: wanted 0 to {Most}, got {value}");
            }
        }
    }
}
