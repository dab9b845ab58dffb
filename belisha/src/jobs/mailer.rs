//! How one mail leaves: over SMTP to the school's own mail server, or into a folder where there is none. Which mails wait, and when to try again, is
//! `send_outbox`'s business.

use lettre::message::{Mailbox, SinglePart, header::ContentType};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest a mail server may take over one mail.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a mail cannot leave. No variant carries an address or a server's own words, which may repeat one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailerError {
    /// The setting is not an address of a mail server.
    #[error(
        "`{0}` is no address of a mail server; write `smtp://user:password@host:587?tls=required`, `smtps://…`, or `file:` and a folder"
    )]
    Url(String),
    /// The setting is not an address to send from.
    #[error("the address that mail is sent from cannot be read; write one like `belisha@school.example`")]
    From,
    /// The person's address cannot be read.
    #[error("the person's e-mail address cannot be read; correct it on the person's page")]
    To,
    /// The mail cannot be put together.
    #[error("the mail cannot be put together; its subject holds something a mail cannot")]
    Content,
    /// The server said no for good.
    #[error("the mail server refused with code {0}; ask whoever runs it")]
    Refused(u16),
    /// The server said not now.
    #[error("the mail server asked to wait with code {0}")]
    NotNow(u16),
    /// No answer.
    #[error("the mail server cannot be reached; check its address and the network")]
    Unreachable,
    /// The folder of mails does not take it.
    #[error("the folder of mails cannot be written to; free some space or mend the folder's owner")]
    Folder,
}

enum Transport {
    Server(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

/// Sends mail through one server, or keeps it in one folder.
pub struct Mailer {
    transport: Transport,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Mailer(…)")
    }
}

impl Mailer {
    /// Sets up sending. `url` is `smtp://host:25`, `smtp://user:password@host:587?tls=required` or `smtps://user:password@host`, or
    /// `file:DIR` to write each mail there as `<key>.eml` instead of sending it; `from` the address of the sender. Nothing is
    /// connected yet.
    ///
    /// # Errors
    /// `Url` (with any password left out) or `From`.
    pub fn new(url: &str, from: &str) -> Result<Self, MailerError> {
        let shown = || MailerError::Url(url.rsplit('@').next().unwrap_or_default().to_owned());
        let transport = match url.strip_prefix("file:") {
            Some("") => return Err(shown()),
            Some(folder) => Transport::Folder(folder.into()),
            None => Transport::Server(
                AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
                    .map_err(|_| shown())?
                    .timeout(Some(PATIENCE))
                    .build(),
            ),
        };
        let address: Address = from.parse().map_err(|_| MailerError::From)?;
        Ok(Self { transport, from: Mailbox::new(Some("Belisha".into()), address) })
    }

    /// Sends one mail as plain text. `key` becomes its Message-ID, so that a mail server can tell a second copy.
    ///
    /// # Errors
    /// Any but `Url` and `From`.
    pub async fn send(&self, key: &str, to: &str, subject: &str, body: &str) -> Result<(), MailerError> {
        let to: Address = to.parse().map_err(|_| MailerError::To)?;
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body.to_owned());
        let mail = Message::builder()
            .message_id(Some(format!("<{key}@{}>", self.from.email.domain())))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .singlepart(text)
            .map_err(|_| MailerError::Content)?;
        match &self.transport {
            Transport::Folder(folder) => write(folder, key, &mail.formatted()).await.map_err(|_| MailerError::Folder),
            Transport::Server(server) => match server.send(mail).await {
                Ok(_) => Ok(()),
                Err(error) => Err(match error.status() {
                    Some(code) if error.is_permanent() => MailerError::Refused(u16::from(code)),
                    Some(code) => MailerError::NotNow(u16::from(code)),
                    None => MailerError::Unreachable,
                }),
            },
        }
    }
}

/// Writes a mail under its key, so that a second copy takes the place of the first. Only the owner may look into the folder:
/// mails carry addresses.
async fn write(folder: &Path, key: &str, mail: &[u8]) -> std::io::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o700);
    builder.recursive(true).create(folder).await?;
    let unfinished = folder.join(format!("{key}.unfinished"));
    tokio::fs::write(&unfinished, mail).await?;
    tokio::fs::rename(&unfinished, folder.join(format!("{key}.eml"))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_is_no_mail_server_is_said_without_its_password() {
        let error = Mailer::new("http://ict:secret@mail.example", "belisha@school.example").unwrap_err();
        assert!(!error.to_string().contains("secret") && error.to_string().contains("mail.example"), "{error}");
        assert_eq!(Mailer::new("smtp://mail.example", "the school").unwrap_err(), MailerError::From);
        assert!(Mailer::new("file:", "belisha@school.example").is_err());
    }

    #[tokio::test]
    async fn without_a_server_mails_are_kept_in_a_folder_each_once() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("mail");
        let mailer = Mailer::new(&format!("file:{}", folder.display()), "belisha@school.example").unwrap();
        for _ in 0..2 {
            mailer.send("one", "head@school.example", "Something waits", "Sign in to see it.").await.unwrap();
        }
        let kept: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(kept, [folder.join("one.eml")]);
        let mail = std::fs::read_to_string(&kept[0]).unwrap();
        assert!(mail.contains("To: head@school.example") && mail.contains("Sign in to see it."), "{mail}");
        std::fs::write(data.path().join("taken"), "").unwrap();
        let mailer =
            Mailer::new(&format!("file:{}", data.path().join("taken").display()), "belisha@school.example").unwrap();
        assert_eq!(
            mailer.send("one", "head@school.example", "Something waits", "Sign in.").await,
            Err(MailerError::Folder)
        );
    }
}
