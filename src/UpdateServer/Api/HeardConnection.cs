using Fota.Manifest.Keys;
using Fota.UpdateServer.Devices;
using Microsoft.AspNetCore.Connections.Features;

namespace Fota.UpdateServer.Api;

/// <summary>That a signed report came over a connection, and was taken: whose it was, and when. It goes with the connection.</summary>
internal sealed class HeardConnection
{
    /// <summary>So long the connection's word stands for signed reports. Their order shows that two devices have one key, and is looked at so often.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(10);

    private readonly DeviceId _device;
    private readonly KeyId _key;
    private readonly DateTimeOffset _at;

    private HeardConnection(DeviceIdentity identity, DateTimeOffset now)
    {
        _device = identity.Device;
        _key = identity.Key.Id;
        _at = now;
    }

    /// <summary>What is known of a request's connection; null before the first report.</summary>
    public static HeardConnection? Of(HttpContext context) => context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(typeof(HeardConnection), out object? heard) == true ? (HeardConnection)heard! : null;

    /// <summary>Notes that a report was verified and taken.</summary>
    public static void Note(HttpContext context, DeviceIdentity identity, DateTimeOffset now)
    {
        if (context.Features.Get<IConnectionItemsFeature>() is { } connection)
        {
            connection.Items[typeof(HeardConnection)] = new HeardConnection(identity, now);
        }
    }

    /// <summary>Whether it was this device, with this key, and not too long ago.</summary>
    public bool IsBy(DeviceIdentity identity, DateTimeOffset now) => _device.Equals(identity.Device) && _key == identity.Key.Id && (now - _at).Duration() < GoodFor;
}
