using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Nobody is shut out.</summary>
internal sealed class NoRevocations : IRevocationStore
{
    public static DeviceRevocations Create(TimeProvider time) => new(new NoRevocations(), FreshnessRule.Alone(time), time, NullLogger<DeviceRevocations>.Instance);

    public RevocationNews Load() => new(0, []);

    public long? Save(long known, DeviceRevocation revocation, AccessDecision decision) => throw new InvalidOperationException("nobody is shut out here");

    public long? Lift(long known, DeviceId device, AccessDecision decision) => throw new InvalidOperationException("nobody is shut out here");
}
