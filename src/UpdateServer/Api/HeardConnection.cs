using Fota.Manifest.Keys;
using Fota.UpdateServer.Devices;
using Microsoft.AspNetCore.Connections.Features;

namespace Fota.UpdateServer.Api;

/// <summary>That a signed report came over a connection, and was taken: whose it was. It goes with the connection.</summary>
internal sealed class HeardConnection
{
    private readonly DeviceId _device;
    private readonly KeyId _key;

    private HeardConnection(DeviceIdentity identity)
    {
        _device = identity.Device;
        _key = identity.Key.Id;
    }

    /// <summary>What is known of a request's connection; null before the first report.</summary>
    public static HeardConnection? Of(HttpContext context) => context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(typeof(HeardConnection), out object? heard) == true ? (HeardConnection)heard! : null;

    /// <summary>Notes that a report was verified and taken.</summary>
    public static void Note(HttpContext context, DeviceIdentity identity)
    {
        if (context.Features.Get<IConnectionItemsFeature>() is { } connection && Of(context)?.IsBy(identity) != true)
        {
            connection.Items[typeof(HeardConnection)] = new HeardConnection(identity);
        }
    }

    /// <summary>Whether it was this device, with this key.</summary>
    public bool IsBy(DeviceIdentity identity) => _device.Equals(identity.Device) && _key == identity.Key.Id;
}
