using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Identity;

/// <summary>What a <see cref="CertificateRenewal"/> is put together from.</summary>
internal sealed record RenewalParts
{
    /// <summary>The device's certificate.</summary>
    public required DeviceCertificateStore Certificates { get; init; }

    /// <summary>The device's key.</summary>
    public required IDeviceKey Key { get; init; }

    /// <summary>Small durable files; a request that waits is kept there.</summary>
    public required IDurableStore Store { get; init; }

    /// <summary>The connection to the server, which shows the device's certificate.</summary>
    public required HttpClient Http { get; init; }

    /// <summary>The server's address, ending in '/'.</summary>
    public required Uri Server { get; init; }

    /// <summary>PEM file of the authorities that may certify this device; null: the one that certified it before, and no other.</summary>
    public required string? AuthoritiesFile { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where it says what it does.</summary>
    public required IAgentLog Log { get; init; }
}
