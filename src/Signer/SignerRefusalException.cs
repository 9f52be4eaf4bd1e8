namespace Fota.Signer;

/// <summary>The signer will not do what it was asked. The message is one line for the person who asked, and holds no secret.</summary>
internal class SignerRefusalException : Exception
{
    public SignerRefusalException(string message)
        : base(message)
    {
    }

    public SignerRefusalException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
