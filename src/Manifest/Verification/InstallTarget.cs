namespace Fota.Manifest.Verification;

/// <summary>Where a release would go, and what runs meanwhile.</summary>
/// <param name="Slot">The slot it would be written to.</param>
/// <param name="RunningVersion">The release that runs: what a version condition asks for.</param>
/// <param name="RunningManifest">Its manifest digest.</param>
public sealed record InstallTarget(ImageSlot Slot, ReleaseVersion RunningVersion, Sha256Digest RunningManifest);
