using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Nobody is shut out.</summary>
internal sealed class NoRevocations : IRevocationStore
{
    public static DeviceRevocations Create(TimeProvider time) => new(new NoRevocations(), time, NullLogger<DeviceRevocations>.Instance);

    public IReadOnlyList<DeviceRevocation> Load() => [];

    public void Save(DeviceRevocation revocation, AccessDecision decision) => throw new InvalidOperationException("nobody is shut out here");

    public void Lift(DeviceId device, AccessDecision decision) => throw new InvalidOperationException("nobody is shut out here");
}
