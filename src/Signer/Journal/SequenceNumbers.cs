using System.Globalization;
using Fota.Manifest;

namespace Fota.Signer.Journal;

/// <summary>Hands out SUIT sequence numbers: each once, on disk before anything is signed with it. A number whose release came to nothing is not used again.</summary>
internal sealed class SequenceNumbers(SignerDatabase database, TimeProvider clock)
{
    /// <summary>The number after the highest one ever issued for the product.</summary>
    /// <param name="product">The product.</param>
    /// <param name="version">The release it is for.</param>
    /// <param name="published">The highest number in the published role: the guard against a journal restored from an old copy.</param>
    public SequenceNumber Reserve(ProductName product, ReleaseVersion version, SequenceNumber published)
    {
        object? number = database.Scalar(
            """
            INSERT INTO sequence (product, number, version, time)
            VALUES ($0, 1 + max($2, coalesce((SELECT max(number) FROM sequence WHERE product = $0), 0)), $1, $3)
            RETURNING number
            """,
            product.ToString(),
            version.ToString(),
            checked((long)published.Value),
            clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
        return new SequenceNumber((ulong)Convert.ToInt64(number, CultureInfo.InvariantCulture));
    }
}
