using Fota.Manifest;
using Fota.Manifest.Keys;

namespace Fota.UpdateServer.Devices;

/// <summary>Who is at the other end, as the device CA vouches for it. <see cref="DeviceCertificates"/> is its only maker outside of tests.</summary>
/// <param name="Device">The certificate's common name.</param>
/// <param name="Product">Its organisational unit.</param>
/// <param name="Key">Its public key, which also signs the device's reports.</param>
internal sealed record DeviceIdentity(DeviceId Device, ProductName Product, VerificationKey Key);
