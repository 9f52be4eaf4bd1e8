using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Fetching;

/// <summary>Fetches the envelope of a release that the device's own product lists.</summary>
internal sealed class ManifestDownload(MetadataRefresh metadata, RepositoryClient repository)
{
    /// <summary>Refreshes the top-level metadata at <paramref name="updateStartTime"/>.</summary>
    /// <exception cref="RejectedException">Metadata was refused; what is stored is what it was, or newer and accepted.</exception>
    public async Task<TrustedMetadataSet> RefreshAsync(DateTimeOffset updateStartTime, CancellationToken cancellation) => await metadata.RunAsync(updateStartTime, cancellation);

    /// <summary>Finds a target in refreshed metadata, and fetches it if it is one of <paramref name="product"/>.</summary>
    /// <exception cref="RejectedException">The metadata of a delegated role, or the target, was refused.</exception>
    public async Task<VerifiedTargetBytes> FetchAsync(TrustedMetadataSet trust, string targetPath, ProductName product, CancellationToken cancellation)
    {
        if (!TargetPath.IsSafe(targetPath))
        {
            throw new RejectedException(RejectionReason.UnsafePath, "a target path: wanted a relative path of safe characters in its one normal form, got another");
        }

        VerifiedTarget target = await metadata.FindAsync(trust, targetPath, cancellation);
        if (target.Product != product.ToString())
        {
            // The keys of the product that lists a target become the anchors of its manifest: another one's are not for this device (A01, A09).
            throw new RejectedException(RejectionReason.UnknownRole, $"{targetPath}: wanted a target of role {product}, got one of role {target.Product}");
        }

        if (target.Length > DecodeLimits.EnvelopeBytes)
        {
            // The signed length is the bound of the download, and a signed length can be absurd (A06).
            throw new RejectedException(RejectionReason.LimitExceeded, $"{targetPath}: wanted at most {DecodeLimits.EnvelopeBytes} bytes, got a length of {target.Length}");
        }

        return await repository.Anew().GetAsync($"targets/{target.FileName}", target.Length, bytes => target.Verify(bytes).OrThrow(), cancellation);
    }
}
