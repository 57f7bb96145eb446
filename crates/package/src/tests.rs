use std::os::unix::fs::symlink;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(compose: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("compose.yaml", compose);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    fn shipped(&self) -> Result<Vec<String>, String> {
        let package = read(self.0.path()).map_err(|error| error.to_string())?;
        Ok(package.files.iter().map(|file| file.path.to_string()).collect())
    }
}

#[test]
fn what_the_compose_file_names_is_shipped_and_nothing_else() {
    let folder = Folder::with(
        "services:
  web:
    image: x
    env_file: [.env, app.env, {path: none.env, required: false}]
    volumes: [\"./conf:/conf:ro\", ./data:/data, ./run.sh:/run.sh, /srv:/srv, missing:/m, ./new:/new]
configs: {c: {file: ./c.conf}}
secrets: {s: {environment: S}}
",
    );
    for name in [".env", "app.env", "conf/a", "conf/deep/b", "data/rows", "run.sh", "c.conf", "other"] {
        folder.write(name, name);
    }
    fs::set_permissions(folder.path("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let package = read(&folder.path("compose.yaml")).unwrap();
    let shipped: Vec<(&str, bool)> = package.files.iter().map(|file| (file.path.as_str(), file.executable)).collect();
    let expected = ["app.env", "c.conf", "conf/a", "conf/deep/b", "run.sh"].map(|path| (path, path == "run.sh"));
    assert_eq!(shipped, expected);
    assert_eq!(package.files[3].content.bytes(), b"conf/deep/b");
    assert_eq!(folder.shipped().unwrap().len(), 5, "a folder has the same package");
}

#[test]
fn a_folder_that_is_mounted_as_a_whole_is_shipped_as_a_whole() {
    let folder = Folder::with("services: {web: {image: x, volumes: [\".:/app:ro\", \"./conf:/conf:ro\"]}}");
    for name in [".env", "app.py", "conf/a", ".git/config", "lib/.env.local"] {
        folder.write(name, name);
    }
    assert_eq!(folder.shipped().unwrap(), ["app.py", "compose.yaml", "conf/a"]);
    folder.write("keys/cosign.key", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx\n");
    let refused = folder.shipped().unwrap_err();
    assert!(refused.contains("cosign.key holds a private key"), "{refused}");
}

#[test]
fn a_file_that_has_to_be_there_is_missed_by_its_place() {
    let missed = Folder::with("services: {web: {image: x, env_file: app.env}}").shipped().unwrap_err();
    assert!(
        missed.starts_with("service \"web\", key env_file: ") && missed.ends_with("app.env is not there"),
        "{missed}"
    );
    let missed = Folder::with("configs: {c: {file: c.conf}}").shipped().unwrap_err();
    assert!(missed.starts_with("config \"c\", key file: "), "{missed}");
}

#[test]
fn a_link_ships_nothing_from_elsewhere() {
    let folder = Folder::with("services: {web: {image: x, env_file: app.env, volumes: [\"./conf:/c:ro\"]}}");
    folder.write("conf/real", "a");
    symlink(folder.path("conf/real"), folder.path("app.env")).unwrap();
    assert_eq!(folder.shipped().unwrap(), ["app.env", "conf/real"]);
    symlink("/etc/hostname", folder.path("conf/out")).unwrap();
    assert!(folder.shipped().unwrap_err().contains("leads out"));
    fs::remove_file(folder.path("conf/out")).unwrap();
    symlink("..", folder.path("conf/back")).unwrap();
    assert!(folder.shipped().unwrap_err().contains("leads out"));
}

#[test]
fn what_no_release_ships_is_refused_before_it_is_read() {
    let folder = Folder::with("services: {web: {image: x, volumes: [\"./big:/big:ro\"]}}");
    fs::File::create(folder.path("big")).unwrap().set_len(MAX_FILES_BYTES as u64 + 1).unwrap();
    assert!(folder.shipped().unwrap_err().contains("put it into an image"));
    let folder = Folder::with("services: {web: {image: x, volumes: [\"./pipe:/pipe\"]}}");
    std::os::unix::net::UnixListener::bind(folder.path("pipe")).unwrap();
    assert!(folder.shipped().unwrap_err().contains("neither a file nor a folder"));
}

#[test]
fn a_folder_without_a_compose_file_says_what_one_is_called() {
    let empty = tempfile::tempdir().unwrap();
    assert!(read(empty.path()).unwrap_err().to_string().contains("docker-compose.yml"));
    fs::write(empty.path().join("docker-compose.yml"), "services: {}").unwrap();
    assert_eq!(read(empty.path()).unwrap().file, "services: {}");
    fs::write(empty.path().join("compose.yaml"), [0xff]).unwrap();
    assert!(read(empty.path()).unwrap_err().to_string().contains("UTF-8"));
}
