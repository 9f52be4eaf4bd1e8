using Fota.Manifest.Suit;

namespace Fota.Manifest.Encoding;

/// <summary>The parameters of one image, as they come in; what is missing at the end is refused by name (A17).</summary>
internal sealed class ImageFields
{
    private Sha256Digest? _digest;
    private long? _size;
    private string? _uri;

    public FetchArguments? Arguments { get; private set; }

    public void Set(SuitParameter parameter, string what)
    {
        switch (parameter)
        {
            case { Number: SuitNumbers.ParameterImageDigest, Value: SuitValue.Digest digest }:
                _digest = ManifestDecoder.ToSha256(digest.Content, "image digest");
                break;
            case { Number: SuitNumbers.ParameterImageSize, Value: SuitValue.Number size }:
                _size = ManifestDecoder.InRange(size.Value, 1, DecodeLimits.ImageBytes, "image size");
                break;
            case { Number: SuitNumbers.ParameterUri, Value: SuitValue.Text uri }:
                _uri = Checked(uri.Content);
                break;
            case { Number: SuitNumbers.ParameterFetchArguments, Value: SuitValue.Bytes arguments }:
                Arguments = FetchArguments.Decode(arguments.Content);
                break;
            default:
                throw ManifestDecoder.Unsupported($"{what}: parameter {parameter.Number}, or a value of its type,");
        }
    }

    public ComponentImage ToImage()
    {
        Sha256Digest digest = CborDoor.Require(_digest, "image digest");
        long size = CborDoor.Require(_size, "image size");
        string uri = CborDoor.Require(_uri, "uri");
        FetchArguments arguments = CborDoor.Require(Arguments, "chunk table digest");
        return new ComponentImage { ImageDigest = digest, ImageSize = size, PackUri = uri, ChunkTableDigest = arguments.ChunkTableDigest, ChunkTableSize = arguments.ChunkTableSize };
    }

    private static string Checked(string uri) => uri.Length is > 0 and <= ComponentImage.MaxUriLength && uri.All(static c => c is > ' ' and <= '~')
        ? uri
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"uri: wanted 1 to {ComponentImage.MaxUriLength} visible ASCII characters, got {uri.Length}");
}
